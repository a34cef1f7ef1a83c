"""When a root goes on chain, whoever asks for it and however often."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from forensics.record import database
from forensics.record.anchor_contract import Head, Message, Receipt
from forensics.record.anchoring import Anchoring
from forensics.record.haste import Haste
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import Anchored
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import Proof
from forensics.record.pulled import Pulled
from runtime.actors import actors_of
from runtime.budget import DAY, Budget
from runtime.signatures import Signer, generate, load_signer, signed
from schemas.errors import TransientError, UnsafeToContinueError
from schemas.ids import content_id
from tests.forensic_log import action, message, seal

BLOCK, EVERY, MOST = 1200, 14_400, 5
NOW = 1_800_000_000


class Chain:
    """A contract that takes every root in the next block, its writer, and the one clock."""

    address = "0x" + "ab" * 20

    def __init__(self) -> None:
        self.number, self.now, self.sent = 1, NOW, 0
        self.holds = Head(0, b"", 0)
        self.refuses = False
        self._waiting: list[tuple[int, bytes]] = []

    def now_ns(self) -> int:
        return self.now * 10**9

    def monotonic(self) -> float:
        return float(self.now)

    def mine(self) -> None:
        self.number, self.now = self.number + 1, self.now + BLOCK
        for size, root in self._waiting:
            self.holds, self.sent = Head(size, root, self.now), self.sent + 1
        self._waiting = []

    def block(self) -> tuple[int, int, int]:
        return self.number, self.now, 10**9

    def head(self) -> Head:
        return self.holds

    def tip(self) -> int:
        return 10**9

    def nonce(self, _account: str) -> int:
        return self.sent

    def message(self, size: int, root: bytes, _proof: Proof) -> Message:
        self._asked = size, root
        return Message(self.address, "", 1)

    def sign(self, _message: Message, nonce: int, _ceiling: int, _tip: int) -> tuple[str, str]:
        return "", f"0x{nonce:064x}"

    def send(self, _raw: str) -> None:
        if self.refuses:
            raise TransientError("nobody answers")
        self._waiting = [self._asked]

    def receipt(self, tx: str) -> Receipt | None:
        return Receipt(self.number, ok=True) if int(tx, 16) < self.sent else None

    def anchored(self, _first: int, _last: int) -> list[Anchored]:
        return []


class Office:
    """A log, and what anchors it on that chain."""

    each = MOST
    keys: Path | None = None
    """The responders'."""

    def __init__(self, log: LogWriter, folder: Path) -> None:
        self.log, self.place, self.chain = log, folder / "account.anchors", Chain()
        self.start()

    def start(self) -> None:
        pulled = Pulled(self.log.reader, actors_of(self.keys))
        self.haste = Haste(pulled, Budget(self.place, MOST), self.each, self.chain)
        self.anchoring = Anchoring(
            self.log.reader,
            self.chain,  # type: ignore[arg-type]  # all that is used of it
            self.chain,
            self.haste,
            every=EVERY,
            fee_cap=10**12,
        )

    def grow(
        self,
        *,
        brake: bool,
        state: str = "included",
        protocol: str = "meadow",
        by: Signer | None = None,
    ) -> None:
        """Let something come: a brake's step of this state, or what is none."""
        size = self.log.frontier.size
        name = content_id("action", str(size))
        step = action(0, name, state=state if brake else "final", protocol=protocol)
        laid = message(size, step)
        if by is not None:
            laid = replace(laid, headers=signed(laid.value or b"", by))
        self.log.append([leaf_of(laid)])
        seal(self.log, brake=brake)

    def flooded(self, seconds: int, *, brake: bool = True) -> int:
        """Let every block bring something new; return how many roots that wrote."""
        before, end = self.chain.sent, self.chain.now + seconds
        while self.chain.now < end:
            self.grow(brake=brake)
            self.anchoring.step()
            self.chain.mine()
        self.anchoring.step()
        return self.chain.sent - before


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as log:
        yield Office(log, tmp_path)
    engine.dispose()


def test_a_flood_of_brakes_costs_a_day_no_more_than_its_rhythm_and_its_budget(
    office: Office,
) -> None:
    a_day = DAY // EVERY + MOST
    half = office.flooded(DAY // 2)
    assert office.haste.left() == 0
    office.start()  # a restart gives nothing back
    assert half + office.flooded(DAY // 2 - BLOCK) <= a_day
    assert office.flooded(DAY) <= a_day + 1, "nor does the next day bring more"


def test_a_brake_beyond_the_budget_is_on_chain_in_its_turn(office: Office) -> None:
    office.flooded(BLOCK * (MOST + 3))
    assert office.haste.left() == 0
    written, size = office.chain.holds.time, office.log.frontier.size
    office.chain.now = written + EVERY - 1
    office.anchoring.step()
    office.chain.mine()
    assert office.chain.holds.size < size
    office.anchoring.step()
    office.chain.mine()
    assert office.chain.holds.size == size
    assert office.chain.now - written < EVERY + 3 * BLOCK


def test_what_is_no_brake_waits_and_costs_the_budget_nothing(office: Office) -> None:
    assert office.flooded(EVERY - BLOCK, brake=False) == 1, "its first root was due"
    assert office.haste.left() == MOST


def test_it_is_counted_before_it_is_sent_and_once_however_often_it_is_tried(office: Office) -> None:
    office.flooded(2 * BLOCK, brake=False)
    office.chain.refuses = True
    for _ in range(4):
        office.grow(brake=True)
        with pytest.raises(TransientError):
            office.anchoring.step()
        assert len(office.place.read_text().splitlines()) == 1


def test_without_a_disk_brakes_wait_for_their_turn_which_comes(office: Office) -> None:
    office.flooded(2 * BLOCK, brake=False)
    office.place.mkdir()  # nothing can be put in its place
    office.grow(brake=True)
    with pytest.raises(UnsafeToContinueError, match="anchors"):
        office.anchoring.step()
    office.chain.now += EVERY
    office.anchoring.step()
    office.chain.mine()
    assert office.chain.holds.size == office.log.frontier.size


@pytest.mark.parametrize("state", ["proposed", "refused", "rehearsed", "authorised", "failed"])
def test_what_was_not_sent_spends_nothing(office: Office, state: str) -> None:
    office.flooded(BLOCK, brake=False)
    for _ in range(3):
        office.grow(brake=True, state=state)
        office.anchoring.step()
        office.chain.mine()
    assert office.haste.left() == MOST
    office.grow(brake=True, state="broadcast")
    office.anchoring.step()
    office.chain.mine()
    assert office.haste.left() == MOST - 1
    assert office.chain.holds.size == office.log.frontier.size, "its intent stands before it"


def test_a_brake_that_is_sent_again_and_again_counts_once(office: Office) -> None:
    office.flooded(BLOCK, brake=False)
    for offset in range(office.log.frontier.size, office.log.frontier.size + 4):
        office.log.append([leaf_of(message(offset, action(offset, state="broadcast")))])
        seal(office.log, brake=True)
        office.anchoring.step()
        office.chain.mine()
    assert office.haste.left() == MOST - 1


def test_a_flood_on_one_protocol_leaves_the_others_their_part(office: Office) -> None:
    office.each = 2
    office.start()
    office.flooded(BLOCK, brake=False)
    for _ in range(5):
        office.grow(brake=True)
        office.anchoring.step()
        office.chain.mine()
    office.anchoring.step()
    assert office.haste.left() == MOST - 2
    office.start()  # a restart gives it nothing back
    for left in (MOST - 3, MOST - 4):
        office.grow(brake=True)
        office.grow(brake=True, protocol="orchard")
        office.anchoring.step()
        office.chain.mine()
        office.anchoring.step()
        assert office.chain.holds.size == office.log.frontier.size, "and the flood rides along"
        assert office.haste.left() == left


def test_where_responders_keys_are_named_a_forged_step_spends_nothing(
    office: Office, tmp_path: Path
) -> None:
    """However many protocols it makes up: the true brake is on chain at once."""
    ours = load_signer(generate(tmp_path / "keys", "actions"))
    mallory = load_signer(generate(tmp_path / "mallory", "actions"))
    office.keys = tmp_path / "keys"
    office.start()
    office.flooded(BLOCK, brake=False)
    for number in range(2 * MOST):
        office.grow(brake=True, protocol=f"name-{number}", by=mallory if number % 2 else None)
        office.anchoring.step()
        office.chain.mine()
    assert office.haste.left() == MOST
    office.grow(brake=True, by=ours)
    office.anchoring.step()
    office.chain.mine()
    assert office.chain.holds.size == office.log.frontier.size
    assert office.haste.left() == MOST - 1


def test_a_root_that_a_reorg_took_off_is_wanted_again(office: Office) -> None:
    office.flooded(BLOCK, brake=False)
    before = office.chain.holds
    office.grow(brake=True)
    office.anchoring.step()
    office.chain.mine()
    office.anchoring.step()
    office.chain.holds = before
    office.anchoring.step()
    office.chain.mine()
    assert office.chain.holds.size == office.log.frontier.size
