"""A chain as nodes tell it: the newest block, or another one that they still have.

Needs `eth_simulateV1` (geth, Nethermind, Erigon, anvil); a node that has it not says so.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from assurance.chain import AGREEABLE, Outcome, Place, Trial
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError

T = TypeVar("T")

GAS = 8_000_000
"""For each call: under the gas cap that nodes set for a request."""

MAX_CODE = 131_072
"""Bytes of an answer that are looked at; chains allow 24,576 of code."""

RICH = 10**24
"""What whoever tries a call holds while it is tried, in the coin's smallest unit."""


_YES = "0x600160005260206000f3"
"""Code that answers 1."""


class NodeChain:
    """The chain after one block. Code is asked for once."""

    def __init__(self, endpoints: Endpoints, block: int | None = None) -> None:
        """Take the newest block unless another is given. Raises `TransientError` when no node
        answers, or none has it."""
        self._endpoints = endpoints
        wanted = "latest" if block is None else hex(block)
        self._place: Place = self._ask("eth_getBlockByNumber", wanted, False, read=_place)  # noqa: FBT003 - JSON-RPC's own
        self._at = hex(self._place.number)
        self._codes: dict[str, bytes] = {}

    @property
    def place(self) -> Place:
        """The block after which everything is asked."""
        return self._place

    def code(self, address: str) -> bytes:
        """Return an account's code; empty for one that has none."""
        if address not in self._codes:
            self._codes[address] = self._ask("eth_getCode", address, self._at, read=_bytes)
        return self._codes[address]

    def word(self, address: str, slot: int) -> int:
        """Return a word of a contract's storage."""
        place = f"0x{slot:064x}"
        return self._ask("eth_getStorageAt", address, place, self._at, read=_quantity)

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        """Make these calls one after the other, each on what the ones before left."""
        calls = [
            {
                "from": trial.sender, "to": trial.to, "input": "0x" + trial.data.hex(),
                "gas": hex(GAS), "value": hex(trial.value),
            }
            for trial in trials
        ]  # fmt: skip
        given = {trial.sender: {"balance": hex(RICH)} for trial in trials if trial.value}
        given[AGREEABLE] = {"code": _YES}
        soon = {"time": hex(self._place.timestamp + 1)}  # nodes differ in what they take otherwise
        body = {
            "blockStateCalls": [{"blockOverrides": soon, "stateOverrides": given, "calls": calls}],
            "validation": False,
        }
        return self._ask("eth_simulateV1", body, self._at, read=_outcomes(len(calls)))

    def _ask(self, method: str, *parameters: Any, read: Callable[[Any], T]) -> T:
        try:
            return self._endpoints.ask(method, *parameters, read=read)
        except NodeRefusalError as error:
            raise TransientError(str(error)) from error


def _place(answer: Any) -> Place:
    return Place(_quantity(answer["number"]), _quantity(answer["timestamp"]))


def _quantity(answer: Any) -> int:
    if not isinstance(answer, str) or len(answer) > 66:
        raise ValueError("not a quantity")
    return int(answer, 16)


def _bytes(answer: Any) -> bytes:
    if not isinstance(answer, str) or not answer.startswith("0x"):
        raise ValueError("not bytes in hexadecimal")
    return bytes.fromhex(answer[2 : 2 + 2 * MAX_CODE])


def _outcomes(count: int) -> Callable[[Any], list[Outcome]]:
    def read(answer: Any) -> list[Outcome]:
        (block,) = answer
        found = [
            Outcome(_quantity(call["status"]) == 1, _bytes(call["returnData"]))
            for call in block["calls"]
        ]
        if len(found) != count:
            raise ValueError("another number of calls")
        return found

    return read
