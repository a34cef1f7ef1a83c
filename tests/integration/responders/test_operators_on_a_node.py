"""Three operators and one gate: what two can do, what one cannot, and what no crash changes."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from responders.consents import VALID_FOR, consent
from responders.questions import Question
from responders.transactions import ORDER
from schemas.consents import Consent
from tests.integration.responders.operating import Ring, passed_on
from tests.integration.responders.place import Place
from tests.unit.responders.bench import FINAL, Assembly, Crash, FragileJournal
from tests.unit.responders.examples import withdrawal

pytestmark = pytest.mark.node

WRITES = 7
"""[proposed, authorised], consented, [nonce-reserved, signed], broadcast, included, final, mark."""


@pytest.fixture
def ring(place: Place, tmp_path: Path) -> Iterator[Ring]:
    ring = Ring(place, tmp_path)
    yield ring
    ring.close()


def test_two_of_three_brake_though_one_is_dead(ring: Ring) -> None:
    with ring.running(0, 1) as at_work:
        for number, one in enumerate(at_work):
            one.receive(ring.place.alert(number + 1))  # each saw another transaction
        assert [one.states()[-1] for one in at_work] == ["consented", "consented"]
        passed_on(at_work)
        ring.mine(at_work, 1 + FINAL)
        ends = {one.states()[-1] for one in at_work}
    assert ring.place.paused()
    assert len(ring.place.brakes()) == 1
    assert ends <= {"final", "satisfied"}


def test_one_alone_waits_until_its_word_has_run_out(ring: Ring) -> None:
    with ring.running(0) as at_work:
        at_work[0].receive(ring.place.alert())
        ring.mine(at_work, 3)
        assert at_work[0].states() == ["proposed", "authorised", "consented"]
        assert at_work[0].ledger.guard.spent, "others may brake on its word"
        ring.mine(at_work, 30)  # the alert is too old by now
        ring.mine(at_work, 1, VALID_FOR)
        assert at_work[0].states()[-1] == "refused"
        assert not at_work[0].ledger.guard.spent
    assert ring.place.brakes() == []


def test_who_hears_the_last_word_sends_at_once(ring: Ring) -> None:
    with ring.running(0, 1) as (first, second):
        first.receive(ring.place.alert(1))
        second.hear(*first.said())
        second.receive(ring.place.alert(2))
        assert second.states()[-1] == "broadcast"
        began = time.perf_counter()
        first.hear(*second.said())
        taken = time.perf_counter() - began
        assert first.states()[-1] == "broadcast"
    print(f"from the last word to the brake at the node: {1000 * taken:.1f} ms")  # noqa: T201
    assert taken < 5.0


def forms(word: Consent, ring: Ring, attacker: Assembly) -> list[Consent]:
    """What one operator whose key is stolen can say beside the truth, and in others' names."""
    signer = ring.operators[2].signer
    now = attacker.outlook.time
    asked = Question.of(word)
    elsewhere = [
        Question(**_fields(asked, round=1)),
        Question(**_fields(asked, target=ring.place.world.vault.address)),
        Question(**_fields(asked, quorum=ring.place.world.gate.address)),
        Question(**_fields(asked, chain_id=1)),
        Question(**_fields(asked, calldata="0x3f4ba83a")),
    ]
    own = consent(asked, "meadow", signer, now)
    raw = bytes.fromhex(own.signature[2:])
    high = ORDER - int.from_bytes(raw[32:64])
    bent = raw[:32] + high.to_bytes(32) + bytes([55 - raw[64]])
    return [
        *(consent(question, "meadow", signer, now) for question in elsewhere),
        consent(asked, "meadow", signer, now - VALID_FOR),
        consent(asked, "meadow", signer, now + 7200),
        msgspec.structs.replace(own, operator=ring.operators[1].signer.address),
        msgspec.structs.replace(own, operator=ring.place.signer.address),
        msgspec.structs.replace(own, signature="0x" + bent.hex()),
        msgspec.structs.replace(own, signature="0x" + (raw[:64] + bytes([raw[64] - 27])).hex()),
        msgspec.structs.replace(own, expires=own.expires + 1),
    ]


def _fields(question: Question, **changes: Any) -> dict[str, Any]:
    return {name: getattr(question, name) for name in Question.__dataclass_fields__} | changes


def test_a_stolen_key_neither_brakes_nor_blocks(ring: Ring) -> None:
    with ring.running(0, 1) as (first, second):
        first.receive(ring.place.alert(1))
        first.hear(*forms(first.said()[0], ring, first))
        ring.mine([first, second], 2)
        assert first.states()[-1] == "consented"
        assert ring.place.pending() == {}
        second.hear(*forms(first.said()[0], ring, second))
        second.receive(ring.place.alert(2))
        passed_on([first, second])
        ring.mine([first, second], 1 + FINAL)
        assert first.states()[-1] in ("final", "satisfied")
    assert len(ring.place.brakes()) == 1


def test_a_word_that_is_about_to_run_out_costs_nobody_a_nonce(ring: Ring) -> None:
    with ring.running(0, 1) as (first, second):
        first.receive(ring.place.alert(1))
        asked = Question.of(first.said()[0])
        now = first.outlook.time
        first.hear(consent(asked, "meadow", ring.operators[2].signer, now - VALID_FOR + 30))
        assert first.states()[-1] == "consented"
        second.receive(ring.place.alert(2))
        passed_on([first, second])
        ring.mine([first, second])
    assert len(ring.place.brakes()) == 1


def test_words_of_a_round_are_worth_nothing_in_the_next(ring: Ring) -> None:
    with ring.running(0, 1) as at_work:
        for one in at_work:
            one.receive(ring.place.alert(1))
        passed_on(at_work)
        ring.mine(at_work, 1 + FINAL)
    used = [word for one in at_work for word in one.said()]
    ring.place.by_safe(ring.place.world.pool.call("unpause"))
    with ring.running(2) as (third,):
        third.receive(ring.place.alert(2))
        third.hear(*used)
        ring.mine([third], 2)
        assert third.states() == ["proposed", "authorised", "consented"]
    assert not ring.place.paused()


def test_what_was_withdrawn_is_not_sent_but_kept_in_mind(ring: Ring) -> None:
    alert = ring.place.alert(1)
    with ring.running(0, 1) as (first, second):
        first.receive(alert)
        first.receive(withdrawal(alert))
        second.receive(ring.place.alert(2))
        first.hear(*second.said())
        assert first.states()[-1] == "consented"
        ring.mine([first], 1)
        assert ring.place.brakes() == []
        second.hear(*first.said())  # its word was out before
        ring.mine([first, second], 1 + FINAL)
        assert first.states()[-1] == "satisfied"
    assert len(ring.place.brakes()) == 1


@pytest.mark.parametrize("before", [True, False], ids=["before-the-write", "after-the-write"])
@pytest.mark.parametrize("at", range(1, WRITES + 1))
def test_a_crash_at_every_write_leads_to_one_brake(ring: Ring, at: int, *, before: bool) -> None:
    first, second = ring.operators[:2]
    alerts = ring.place.alert(1), ring.place.alert(2)
    with second.at_work(ring.manifest) as other:
        other.receive(alerts[1])
        words = other.said()
    journal = FragileJournal(first.journal, at, before=before)

    def to_the_end() -> None:
        with first.at_work(ring.manifest, journal) as one:
            one.receive(alerts[0])
            one.hear(*words)
            ring.mine([one], 1 + FINAL)
            one.book.settle()

    with pytest.raises(Crash):
        to_the_end()
    with first.at_work(ring.manifest) as one:
        one.receive(alerts[0])
        one.hear(*words)
        ring.mine([one], 1 + FINAL)
        assert [course.state for course in one.ledger.courses.values()] == ["final"]
    assert len(ring.place.brakes()) == 1
    assert first.chain.nonce(first.signer.address) == 1


def test_another_quorum_on_chain_is_known_before_it_is_needed(ring: Ring) -> None:
    names = [one.signer.address for one in ring.operators[:2]] + [ring.place.signer.address]
    ring.place.by_safe(ring.quorum.call("setOperators", names, 2))
    with ring.running(0) as (first,):
        first.receive(ring.place.alert())
        assert first.states()[-1] == "failed"
        assert "other operators" in first.published()[-1].reason
