"""A chain in memory, on which every call does what a test says."""

from collections.abc import Callable, Sequence

from assurance.chain import Outcome, Place, Trial
from assurance.proxies import ADMIN, IMPLEMENTATION
from schemas.errors import TransientError
from tests.unit.assurance.assembler import assembled

REFUSED = Outcome(ok=False, data=b"")

LOOKS_UP = assembled(0, 0, 0, 0, 0, "CALLDATALOAD SLOAD GAS DELEGATECALL STOP")
"""A default that runs code whose address it looks up: a diamond's."""


def _refused(trial: Trial) -> Outcome:
    del trial
    return REFUSED


class FakeChain:
    """Code and storage by address; calls are refused unless `answer` says otherwise."""

    def __init__(self, answer: Callable[[Trial], Outcome] = _refused) -> None:
        self.place = Place(100, 1_700_000_000)
        self.codes: dict[str, bytes] = {}
        self.words: dict[tuple[str, int], int] = {}
        self.answer = answer
        self.down = False
        self.unread = False
        """Whether storage cannot be read at one go."""

    def at(self, block: int) -> "FakeChain":
        del block
        return self

    def storage(self, places: Sequence[tuple[str, int]]) -> list[int]:
        if self.unread:
            raise TransientError("nobody answers")
        return [self.word(address, slot) for address, slot in places]

    def code(self, address: str) -> bytes:
        if self.down:
            raise TransientError("nobody answers")
        return self.codes.get(address, b"")

    def word(self, address: str, slot: int) -> int:
        return self.words.get((address, slot), 0)

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        return [self.answer(trial) for trial in trials]

    def proxy(self, address: str, implementation: str, admin: str | None = None) -> None:
        """Put a proxy there; `proxy_code` is what it runs."""
        self.codes[address] = proxy_code()
        self.words[address, IMPLEMENTATION] = int(implementation, 16)
        if admin is not None:
            self.words[address, ADMIN] = int(admin, 16)


def proxy_code() -> bytes:
    """Return code that delegates everything to what stands in the slot of EIP-1967."""
    return assembled(0, 0, 0, 0, IMPLEMENTATION, "SLOAD GAS DELEGATECALL STOP")
