"""What a contract understands, by its JSON ABI."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eth_utils.abi import get_abi_input_types, get_abi_output_types
from eth_utils.crypto import keccak
from faster_eth_abi.abi import decode, encode


def _selector(entry: Any) -> bytes:
    return keccak(text=f"{entry['name']}({','.join(get_abi_input_types(entry))})")[:4]


class Interface:
    """A contract's ABI. No function of the sandbox is overloaded, so names are enough."""

    def __init__(self, abi: Sequence[Mapping[str, Any]]) -> None:
        self.abi = abi
        entries: Sequence[Any] = abi
        self._functions = {
            entry["name"]: (
                _selector(entry),
                get_abi_input_types(entry),
                get_abi_output_types(entry),
            )
            for entry in entries
            if entry["type"] == "function"
        }
        self._errors = {
            _selector(entry): str(entry["name"]) for entry in entries if entry["type"] == "error"
        }
        self._constructor = next(
            (get_abi_input_types(entry) for entry in entries if entry["type"] == "constructor"),
            [],
        )

    @property
    def selectors(self) -> Iterable[bytes]:
        """What its functions are called by, four bytes each."""
        return (selector for selector, *_ in self._functions.values())

    def encode(self, name: str, *arguments: Any) -> bytes:
        """Return the calldata of a function."""
        selector, inputs, _ = self._functions[name]
        return selector + encode(inputs, arguments)

    def decode(self, name: str, data: bytes) -> tuple[Any, ...]:
        """Return what a function returned."""
        return decode(self._functions[name][2], data)

    def creation(self, bytecode: str, *arguments: Any) -> bytes:
        """Return what a creation sends: the code and the constructor's arguments."""
        return bytes.fromhex(bytecode.removeprefix("0x")) + encode(self._constructor, arguments)

    def error(self, data: bytes) -> str:
        """Return the name of the error that a call reverted with, its bytes if it has none."""
        return self._errors.get(data[:4], data.hex())
