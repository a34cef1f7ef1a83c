"""Layouts by what a log or a call shows of itself: signature hash and topic count, or selector."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ingest.decode.dynamic import others
from ingest.decode.generated import Decode, Decoded, generate, unrolled
from ingest.decode.signatures import Interface, Signature

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

    def _first(self, topics: Sequence[str], data: str) -> Decoded | None:
        self.decode = self._compile()
        return self.decode(topics, data)

    def _compile(self) -> Decode:
        parameters = self.signature.parameters
        plain = [parameter for parameter in parameters if not parameter.indexed]
        return generate(
            self.signature.name,
            parameters,
            anonymous=self.signature.anonymous,
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

    def event(self, topics: Sequence[str], data: str) -> Decoded | None:
        """Return the event that this log is, None when no layout fits it."""
        count = len(topics)
        if count:
            found = first_fit(self._events.get((topics[0], count), ()), topics, data)
            if found is not None:
                return found
        anonymous = self._events.get(("", count))
        return None if anonymous is None else first_fit(anonymous, topics, data)

    def function(self, selector: str) -> Layout | None:
        """Return the layout of calls with this selector."""
        return self._functions.get(selector)


def first_fit(layouts: Iterable[Layout], topics: Sequence[str], data: str) -> Decoded | None:
    """Return what the first layout that fits reads, None when none does."""
    for layout in layouts:
        try:
            found = layout.decode(topics, data)
        except Exception:  # noqa: BLE001, S112 - hostile data provokes any: it is not this layout
            continue
        if found is not None:
            return found
    return None
