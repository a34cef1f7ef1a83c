"""Layouts by what a log or a call shows of itself: signature hash and topic count, or selector."""

from collections import defaultdict
from collections.abc import Sequence

from ingest.decode.dynamic import others
from ingest.decode.generated import Decode, generate, unrolled
from ingest.decode.signatures import Interface, Signature
from schemas.chain import Argument

_DATA = len("0x")
_INPUT = len("0x12345678")


class Layout:
    """One event or function and its decoder, which is made when it is first needed."""

    __slots__ = ("_exact", "_start", "decode", "signature")

    decode: Decode
    """Reads topics and data, or no topics and the input of a call."""

    def __init__(self, signature: Signature, *, start: int, exact: bool) -> None:
        self.signature = signature
        self._start = start
        self._exact = exact
        self.decode = self._first

    def _first(self, topics: Sequence[str], data: str) -> dict[str, Argument] | None:
        self.decode = self._compile()
        return self.decode(topics, data)

    def _compile(self) -> Decode:
        parameters = self.signature.parameters
        plain = [parameter for parameter in parameters if not parameter.indexed]
        return generate(
            parameters,
            first_topic=0 if self.signature.anonymous else 1,
            start=self._start,
            exact=self._exact,
            rest=None if unrolled(plain) else others(plain, start=self._start, exact=self._exact),
        )


class Table:
    """Layouts of events and functions. Of several that share a key the first that fits is taken."""

    def __init__(self, interface: Interface) -> None:
        self._events: dict[tuple[str, int], list[Layout]] = defaultdict(list)
        self._functions: dict[str, Layout] = {}
        for signature in interface.events:
            layout = Layout(signature, start=_DATA, exact=True)
            if signature.anonymous:
                self._events["", signature.indexed].append(layout)
            else:
                self._events[signature.hash, signature.indexed + 1].append(layout)
        for signature in interface.functions:
            layout = Layout(signature, start=_INPUT, exact=False)
            self._functions.setdefault(signature.selector, layout)

    def events(self, topic: str, topics: int) -> Sequence[Layout]:
        """Return the layouts of logs with this first topic, '' for anonymous ones, and so many
        topics in all."""
        return self._events.get((topic, topics), ())

    def function(self, selector: str) -> Layout | None:
        """Return the layout of calls with this selector."""
        return self._functions.get(selector)
