"""A chain as nodes tell it: the newest block, or another one that they still have.

Needs `eth_simulateV1` (geth, Nethermind, Erigon, anvil); a node that has it not says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, TypeVar

from assurance.chain import AGREEABLE, Outcome, Place, Trial
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError

T = TypeVar("T")

MAX_CODE = 131_072
"""Bytes of an answer that are looked at; chains allow 24,576 of code."""

RICH = 10**24
"""What whoever tries a call holds while it is tried, in the coin's smallest unit."""


_YES = "0x600160005260206000f3"
"""Code that answers 1."""

_READER = "0x3d5b3681101560145780355481526020016001565b363df3"
"""Code that answers the words of storage whose slots it is called with: for each 32 bytes of
calldata, MSTORE(SLOAD(CALLDATALOAD)) at the same place."""


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

    def at(self, block: int) -> Self:
        """Return the chain after another block. Raises `TransientError` when no node has it."""
        return type(self)(self._endpoints, block)

    def code(self, address: str) -> bytes:
        """Return an account's code; empty for one that has none."""
        if address not in self._codes:
            self._codes[address] = self._ask("eth_getCode", address, self._at, read=_bytes)
        return self._codes[address]

    def word(self, address: str, slot: int) -> int:
        """Return a word of a contract's storage."""
        place = f"0x{slot:064x}"
        return self._ask("eth_getStorageAt", address, place, self._at, read=_quantity)

    def storage(self, places: Sequence[tuple[str, int]]) -> list[int]:
        """Return words of contracts' storage, each by contract and slot, at one go.

        Contracts are called with a reader in the place of their code, for not every node takes
        several requests at once.
        """
        slots: dict[str, list[int]] = {}
        for contract, slot in places:
            slots.setdefault(contract, []).append(slot)
        found: dict[tuple[str, int], int] = {}
        trials = [
            Trial(AGREEABLE, contract, b"".join(slot.to_bytes(32, "big") for slot in wanted))
            for contract, wanted in slots.items()
        ]
        outcomes = self._simulated(trials, {contract: {"code": _READER} for contract in slots})
        for (contract, wanted), outcome in zip(slots.items(), outcomes, strict=True):
            if len(outcome.data) != 32 * len(wanted):
                raise TransientError(f"the node read other storage of {contract} than was asked")
            for number, slot in enumerate(wanted):
                word = outcome.data[32 * number : 32 * (number + 1)]
                found[contract, slot] = int.from_bytes(word, "big")
        return [found[place] for place in places]

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        """Make these calls one after the other, each on what the ones before left."""
        given: dict[str, dict[str, str]] = {
            trial.sender: {"balance": hex(RICH)} for trial in trials if trial.value
        }
        return self._simulated(trials, given | {AGREEABLE: {"code": _YES}})

    def _simulated(
        self, trials: Sequence[Trial], given: Mapping[str, Mapping[str, str]]
    ) -> list[Outcome]:
        calls = [
            {
                "from": trial.sender, "to": trial.to, "input": "0x" + trial.data.hex(),
                "gas": hex(trial.gas), "value": hex(trial.value),
            }
            for trial in trials
        ]  # fmt: skip
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
