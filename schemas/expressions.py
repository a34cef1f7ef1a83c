"""The language in which a manifest states what must always hold: from text to statements.

    minted(SHARE) > 0 implies inflow(AUSD) > 0
    outflow(AUSD) <= 50_000 AUSD
    balance(AUSD, vault) >= supply(SHARE) * 99%

    statement   = either [ "implies" statement ]
    either      = both { "or" both }
    both        = negation { "and" negation }
    negation    = "not" negation | comparison
    comparison  = sum [ ( "<=" | "<" | ">=" | ">" | "==" | "!=" ) sum ]
    sum         = product { ( "+" | "-" ) product }
    product     = factor { ( "*" | "/" ) factor }
    factor      = "-" factor | "(" statement ")" | number [ "%" | token ] | quantity
    quantity    = name "(" [ argument { "," argument } ] ")" | "before" "(" quantity ")"
    argument    = name [ "." name ] | address | slot number | '"' any text '"'

Numbers are exact: `1_000`, `0.05` and `5%` are fractions, `3 AUSD` is three times ten to the power
of the token's decimals. There are no powers, no loops, no names that mean anything but what is
listed here, and the text, the number of words and the depth are bounded, so that reading one takes
microseconds.
"""

import re
from fractions import Fraction
from typing import Literal, NamedTuple

from schemas.statements import (
    QUANTITIES,
    TRACKED,
    Argument,
    Arithmetic,
    Compared,
    Comparison,
    Logic,
    Node,
    Number,
    Numeric,
    Quantity,
    Statement,
)

MAX_LENGTH = 1_000
MAX_WORDS = 400
MAX_DEPTH = 24
MAX_DIGITS = 90


class ExpressionError(ValueError):
    """An expression that says nothing; the message tells the column and what to write."""


class _Word(NamedTuple):
    kind: str
    text: str
    column: int


_WORDS = re.compile(
    r"""\s*(?:
        (?P<address>0x[0-9a-fA-F]{40})(?![0-9a-zA-Z])
      | (?P<hex>0x[0-9a-fA-F]{1,64})(?![0-9a-zA-Z])
      | (?P<number>[0-9][0-9_]*(?:\.[0-9]+)?)(?![0-9a-zA-Z_.])
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | "(?P<quoted>[^"\x00-\x1f]{1,64})"
      | (?P<sign><=|>=|==|!=|[-+*/%<>(),.])
    )""",
    re.VERBOSE,
)
_RESERVED = frozenset({"and", "or", "not", "implies", "before"})


def parse(text: str) -> Statement:
    """Return what an expression states. Raises `ExpressionError`."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    reader = _Reader(_split(text))
    found = reader.statement(0)
    reader.require_end()
    return _truth(found, 1)


def _split(text: str) -> list[_Word]:
    words: list[_Word] = []
    place = 0
    text = text.rstrip()
    while place < len(text):
        match = _WORDS.match(text, place)
        if match is None:
            start = len(text) - len(text[place:].lstrip())
            raise ExpressionError(f"column {start + 1}: {text[start : start + 12]!r} means nothing")
        kind = match.lastgroup or ""
        words.append(_Word(kind, match[kind], match.start(kind) + 1))
        place = match.end()
    if len(words) > MAX_WORDS:
        raise ExpressionError(f"more than {MAX_WORDS} words")
    words.append(_Word("end", "the end", len(text) + 1))
    return words


class _Reader:
    """Reads words by the grammar above; each method is one of its lines."""

    def __init__(self, words: list[_Word]) -> None:
        self._words = words
        self._place = 0

    @property
    def _next(self) -> _Word:
        return self._words[self._place]

    def _take(self) -> _Word:
        word = self._next
        self._place += word.kind != "end"
        return word

    def _takes(self, *texts: str) -> _Word | None:
        """Take the next word if it is one of these, and no quoted name that only looks like it."""
        known = self._next.kind in ("sign", "name")
        return self._take() if known and self._next.text in texts else None

    def _require(self, text: str) -> None:
        if self._takes(text) is None:
            raise self._unexpected(f"{text!r}")

    def _unexpected(self, wanted: str) -> ExpressionError:
        word = self._next
        return ExpressionError(f"column {word.column}: {word.text!r:.40} where {wanted} belongs")

    def require_end(self) -> None:
        if self._next.kind != "end":
            raise self._unexpected("the end")

    def statement(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"column {self._next.column}: nested deeper than {MAX_DEPTH}")
        left = self._joined(depth, "or")
        word = self._takes("implies")
        if word is None:
            return left
        right = self.statement(depth + 1)
        return Logic("implies", (_truth(left, word.column), _truth(right, word.column)))

    def _joined(self, depth: int, operator: Literal["or", "and"]) -> Node:
        def read() -> Node:
            return self._joined(depth, "and") if operator == "or" else self._negation(depth)

        found = read()
        while word := self._takes(operator):
            found = Logic(operator, (_truth(found, word.column), _truth(read(), word.column)))
        return found

    def _negation(self, depth: int) -> Node:
        word = self._takes("not")
        if word is None:
            return self._comparison(depth)
        if depth > MAX_DEPTH:
            raise ExpressionError(f"column {word.column}: nested deeper than {MAX_DEPTH}")
        return Logic("not", (_truth(self._negation(depth + 1), word.column),))

    def _comparison(self, depth: int) -> Node:
        left = self._sum(depth)
        word = self._takes("<=", "<", ">=", ">", "==", "!=")
        if word is None:
            return left
        right = _numeric(self._sum(depth), word.column)
        operator: Comparison = word.text  # type: ignore[assignment]  # it is one of those above
        return Compared(operator, _numeric(left, word.column), right)

    def _sum(self, depth: int) -> Node:
        found = self._product(depth)
        while word := self._takes("+", "-"):
            right = _numeric(self._product(depth), word.column)
            operator: Literal["+", "-"] = "+" if word.text == "+" else "-"
            found = Arithmetic(operator, _numeric(found, word.column), right)
        return found

    def _product(self, depth: int) -> Node:
        found = self._factor(depth)
        while word := self._takes("*", "/"):
            right = _numeric(self._factor(depth), word.column)
            operator: Literal["*", "/"] = "*" if word.text == "*" else "/"
            found = Arithmetic(operator, _numeric(found, word.column), right)
        return found

    def _factor(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise ExpressionError(f"column {self._next.column}: nested deeper than {MAX_DEPTH}")
        if word := self._takes("-"):
            inner = _numeric(self._factor(depth + 1), word.column)
            return Arithmetic("-", Number(Fraction(0)), inner)
        if self._takes("("):
            found = self.statement(depth + 1)
            self._require(")")
            return found
        if self._next.kind == "number":
            return self._number()
        return self._quantity()

    def _number(self) -> Number:
        word = self._take()
        digits = word.text.replace("_", "")
        if len(digits) > MAX_DIGITS:
            raise ExpressionError(f"column {word.column}: more than {MAX_DIGITS} digits")
        value = Fraction(digits)
        if self._takes("%"):
            return Number(value / 100)
        named = self._next.kind == "name" and self._next.text not in _RESERVED
        if named or self._next.kind in ("quoted", "address"):
            return Number(value, self._take().text)
        return Number(value)

    def _quantity(self) -> Quantity:
        word = self._next
        if word.kind != "name" or (word.text in _RESERVED and word.text != "before"):
            raise self._unexpected("a number or a quantity")
        self._take()
        if word.text == "before":
            self._require("(")
            inner = self._quantity()
            self._require(")")
            if inner.name not in TRACKED or inner.before:
                known = ", ".join(sorted(TRACKED))
                raise ExpressionError(f"column {word.column}: only {known} have a before")
            return Quantity(inner.name, inner.arguments, before=True)
        if word.text not in QUANTITIES:
            known = ", ".join(QUANTITIES)
            raise ExpressionError(f"column {word.column}: no quantity {word.text!r:.40}; {known}")
        return Quantity(word.text, self._arguments(word))

    def _arguments(self, word: _Word) -> tuple[str, ...]:
        kinds, required = QUANTITIES[word.text]
        self._require("(")
        found: list[str] = []
        while not self._takes(")"):
            if found:
                self._require(",")
            if len(found) == len(kinds):
                raise ExpressionError(f"column {self._next.column}: {word.text} takes no more")
            found.append(self._argument(kinds[len(found)]))
        if len(found) < required:
            missing = " and ".join(kinds[len(found) : required])
            raise ExpressionError(f"column {word.column}: {word.text} lacks its {missing}")
        return tuple(found)

    def _argument(self, kind: Argument) -> str:
        word = self._next
        if kind == "slot":
            if word.kind not in ("number", "hex", "address") or "." in word.text:
                raise self._unexpected("the number of a storage slot")
            return str(int(self._take().text, 16 if word.kind != "number" else 10))
        if word.kind not in ("name", "quoted", "address") or word.text in _RESERVED:
            raise self._unexpected(f"the name of a {kind}")
        self._take()
        if kind != "field":
            return word.text
        self._require(".")
        field = self._take()
        if field.kind not in ("name", "quoted"):
            raise ExpressionError(f"column {field.column}: the argument of an event belongs here")
        return f"{word.text}.{field.text}"


def _truth(node: Node, column: int) -> Statement:
    if isinstance(node, Compared | Logic):
        return node
    raise ExpressionError(f"column {column}: a number, where something true or false belongs")


def _numeric(node: Node, column: int) -> Numeric:
    if isinstance(node, Number | Quantity | Arithmetic):
        return node
    raise ExpressionError(f"column {column}: something true or false, where a number belongs")
