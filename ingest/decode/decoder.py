"""Names and arguments of logs and calls."""

from collections.abc import Mapping, Sequence
from functools import cache

from ingest.decode import builtin
from ingest.decode.generated import Decoded
from ingest.decode.signatures import Interface
from ingest.decode.table import Layout, Table, first_fit


@cache
def _builtin() -> Table:
    return Table(builtin.interface())


class Decoder:
    """Decodes with the built-in layouts and, at the contracts it was given for, with their ABIs.

    A contract's own ABI goes before the built-in layouts, and holds for that contract alone. What
    fits no layout exactly is not decoded: it travels raw. No input, however hostile, raises or
    takes long; a log's or a call's text has to be lower-case hexadecimal, as sources promise.
    """

    def __init__(self, abis: Mapping[str, Interface] | None = None) -> None:
        self._builtin = _builtin()
        self._own = {contract: Table(abi) for contract, abi in (abis or {}).items()}

    def decode_log(self, contract: str, topics: Sequence[str], data: str) -> Decoded | None:
        """Return the event that a contract logged, None when no known layout fits."""
        own = self._own.get(contract)
        if own is not None:
            found = own.event(topics, data)
            if found is not None:
                return found
        return self._builtin.event(topics, data)

    def decode_call(self, to: str, text: str) -> Decoded | None:
        """Return the function and the arguments of a call with this input, None when no known
        layout fits. Bytes after the arguments are ignored, as contracts ignore them."""
        return first_fit(self._functions(to, text[:10]), (), text)

    def function_name(self, to: str, selector: str) -> str | None:
        """Return the name of a contract's function, None when it is not known."""
        found = next(iter(self._functions(to, selector)), None)
        return None if found is None else found.signature.name

    def _functions(self, to: str, selector: str) -> list[Layout]:
        own = self._own.get(to)
        layouts = (
            None if own is None else own.function(selector),
            self._builtin.function(selector),
        )
        return [layout for layout in layouts if layout is not None]
