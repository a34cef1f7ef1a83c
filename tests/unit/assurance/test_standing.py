"""What is read again after blocks: which proxies, how much of it, when."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Self

import pytest
from eth_abi.abi import encode

from assurance.chain import GAS as TRIAL_GAS
from assurance.chain import Outcome, Trial
from assurance.facets import LOUPE
from assurance.proxies import ADMIN, BEACON, IMPLEMENTATION
from assurance.selectors import calldata
from assurance.standing import (
    AGAIN,
    AT_ONCE,
    GAS,
    LONGEST,
    LOUPES,
    MOST,
    PATIENCE,
    Mark,
    Standing,
    marks,
)
from schemas.errors import TransientError
from tests.unit.assurance.assembler import assembled
from tests.unit.assurance.fakes import FakeChain

PROXY, BEHIND, OLD, NEW, LEADER = ("0x" + byte * 20 for byte in ("aa", "ab", "01", "02", "cc"))
PLAIN = "0x" + "ee" * 20
OWNER, CODE = calldata("owner()"), calldata("implementation()")


class Beaconed(FakeChain):
    """A proxy, another behind a beacon that answers `code`, and a contract that is none."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.told: int = int(OLD, 16)
        self.asked: list[int] = []
        self.proxy(PROXY, OLD)
        self.codes[BEHIND] = self.codes[PLAIN] = b"\0"
        self.codes[OLD] = self.codes[NEW] = b"\0"
        self.words[BEHIND, BEACON] = int(LEADER, 16)

    def _answer(self, trial: Trial) -> Outcome:
        knows = trial.to == LEADER and trial.data == CODE
        return Outcome(knows, self.told.to_bytes(32, "big") if knows else b"")

    def at(self, block: int) -> Self:
        if block > 1_000:
            raise TransientError("no node has it")
        self.asked.append(block)
        return self


@pytest.fixture
def chain() -> Beaconed:
    return Beaconed()


@pytest.fixture
def standing(chain: Beaconed) -> Standing:
    made = Standing()
    made.note(chain, [PROXY, BEHIND, PLAIN])
    return made


def test_a_proxy_s_slots_its_beacon_and_its_owners_are_read(chain: Beaconed) -> None:
    slots = (IMPLEMENTATION, ADMIN, BEACON)
    assert set(marks(chain, PROXY)) == {*(Mark(PROXY, one) for one in slots), Mark(PROXY, OWNER)}
    assert {Mark(LEADER, CODE), Mark(LEADER, OWNER)} < set(marks(chain, BEHIND))
    assert marks(chain, PLAIN) == []


def test_what_changed_is_found_once_a_block_s_events_had_their_time(
    chain: Beaconed, standing: Standing
) -> None:
    chain.told = int(NEW, 16)
    assert standing.changed(chain, 60) == set(), "no block came by"
    standing.heard(101, 60)
    assert standing.changed(chain, 60 + PATIENCE / 2) == set()
    assert standing.changed(chain, 60 + PATIENCE) == {BEHIND}
    chain.words[PROXY, IMPLEMENTATION] = int(NEW, 16)
    standing.heard(102, 70)
    standing.note(chain, [BEHIND])
    assert standing.changed(chain, 70 + PATIENCE) == {PROXY}


def test_however_fast_blocks_come_they_are_read_once_a_second(
    chain: Beaconed, standing: Standing
) -> None:
    for number in range(101, 111):
        standing.heard(number, 60)
    for _ in range(3):
        standing.changed(chain, 60 + PATIENCE)
    standing.changed(chain, 60 + 2 * PATIENCE)
    standing.changed(chain, 60 + 3 * PATIENCE)
    assert chain.asked == [101, 110]


def test_a_block_that_no_node_has_is_gone_on_from(chain: Beaconed, standing: Standing) -> None:
    chain.told = int(NEW, 16)
    standing.heard(2**63, 60)
    with pytest.raises(TransientError):
        standing.changed(chain, 60 + PATIENCE)
    standing.heard(102, 62)
    assert standing.changed(chain, 62) == set(), "not asked again at once"
    with pytest.raises(TransientError):
        standing.changed(chain, 60 + PATIENCE + AGAIN)
    assert standing.changed(chain, 60 + PATIENCE + 2 * AGAIN) == {BEHIND}
    assert chain.asked == [102]


def test_what_was_looked_at_later_is_not_held_against_an_older_block(
    chain: Beaconed, standing: Standing
) -> None:
    chain.told = int(NEW, 16)
    standing.heard(chain.place.number - 1, 60)
    assert standing.changed(chain, 60 + PATIENCE) == set()
    assert chain.asked == [], "nothing is asked either"


def test_more_proxies_than_are_read_after_one_block_take_turns(chain: Beaconed) -> None:
    many = [f"0x{number:040x}" for number in range(1, 1 + MOST // 2)]
    for one in many:
        chain.proxy(one, OLD)
    standing = Standing()
    standing.note(chain, many)
    for one in many:
        chain.words[one, IMPLEMENTATION] = int(NEW, 16)
    found: set[str] = set()
    for turn in range(2):
        standing.heard(101 + turn, 60 + 10 * turn)
        some = standing.changed(chain, 60 + 10 * turn + PATIENCE)
        assert len(some) * len(marks(chain, many[0])) <= MOST
        found |= some
    assert found == set(many)


class Cut(Beaconed):
    """Diamonds that lead one function to one facet, and note how much they were asked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.leads = OLD
        self.most = 0

    def _answer(self, trial: Trial) -> Outcome:
        row = encode(["(address,bytes4[])[]"], [[(self.leads, [b"\0\0\0\1"])]])
        return Outcome(trial.data == LOUPE, row if trial.data == LOUPE else b"")

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        self.most = max(self.most, sum(one.gas for one in trials if one.gas < TRIAL_GAS))
        return super().run(trials)


def test_a_diamond_s_loupe_is_read_again_and_leaves_gas_for_others() -> None:
    chain, standing = Cut(), Standing()
    many = [f"0x{number:040x}" for number in range(1, 2 + MOST // LOUPES)]
    for one in many:
        chain.codes[one] = assembled(0, 0, 0, 0, 0, "CALLDATALOAD SLOAD GAS DELEGATECALL STOP")
    standing.note(chain, many)
    assert Mark(many[0], LOUPE) in marks(chain, many[0])
    standing.heard(101, 60)
    assert standing.changed(chain, 60 + PATIENCE) == set()
    chain.leads = NEW
    found: set[str] = set()
    for turn in range(2):
        standing.heard(102 + turn, 70 + 10 * turn)
        found |= standing.changed(chain, 70 + 10 * turn + PATIENCE)
    assert found == set(many), "they take turns"
    assert chain.most <= GAS * AT_ONCE


def test_what_never_stays_is_left_to_events_for_longer_and_longer(
    chain: Beaconed, standing: Standing
) -> None:
    now, found = 60.0, []
    for block in range(101, 101 + 300):
        chain.told += 1
        now += PATIENCE
        standing.heard(block, now)
        if standing.changed(chain, now + PATIENCE):
            standing.note(chain, [BEHIND])
            found.append(now)
    gaps = [later - before for before, later in pairwise(found)]
    assert gaps == sorted(gaps)
    assert (gaps[0] >= AGAIN, gaps[-1] >= LONGEST) == (True, True)
    chain.words[PROXY, IMPLEMENTATION] = int(NEW, 16)
    standing.heard(500, now + PATIENCE)
    assert standing.changed(chain, now + 2 * PATIENCE) == {PROXY}, "others are read meanwhile"
