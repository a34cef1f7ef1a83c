"""A warning tightens and prepares; it never brakes, and it is in the action what it did."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from responders.journal import Journal
from responders.outlook import Account
from responders.rederive import rederive
from runtime.broker import Partition
from runtime.signal_intake import MOST_AT_A_TURN
from runtime.signatures import Signer, Verifier, key_id
from schemas.actions import Action, Heard
from schemas.codec import encode
from schemas.headers import Headers
from schemas.manifest import Manifest
from schemas.signals import Signal, Verdict
from schemas.topics import DEAD_LETTERS, SIGNALS
from tests.unit.neighbours.examples import address, signal
from tests.unit.responders.bench import Assembly, Beside
from tests.unit.responders.examples import START, alert, costs
from tests.unit.responders.fakes import SIGNER, chain_at
from tests.unit.responders.test_neighbours import HERE, found, listening

WEAK = alert(p_value=1e-3)
"""An alert that does not brake by itself, at these costs."""


def careful(issuers: int = 1, confirmed: int = 30) -> Manifest:
    return listening(issuers, confirmed).model_copy(update={"halt": costs(prior=5e-5)})


Work = Callable[..., Assembly]


@pytest.fixture
def at_work(tmp_path: Path) -> Iterator[Work]:
    """Make responders that listen to neighbours, each with a journal of its own."""
    with ExitStack() as stack:
        count = 0

        def begin(
            given: Manifest, people: Verifier | None = None, *, armed: bool = True, **beside: Any
        ) -> Assembly:
            nonlocal count
            count += 1
            journal = stack.enter_context(Journal(tmp_path / f"{count}.jsonl"))
            account = Account(SIGNER.address, SIGNER if armed else None)
            return Assembly(
                journal, chain_at(), account, given, beside=Beside(people=people, **beside)
            )

        yield begin


def decided(bench: Assembly) -> list[Action]:
    bench.book.publish()
    return [s for s in bench.published() if s.state in ("authorised", "refused", "rehearsed")]


def warning(by: int = 1, **changes: Any) -> Signal:
    return signal(by, **{"target": HERE, "expiry": START + 3600, "confidence": 10_000} | changes)


def test_a_warning_alone_does_nothing_but_have_the_brakes_rehearsed(at_work: Work) -> None:
    rehearsed: list[bool] = []
    bench = at_work(careful(), warned=lambda: rehearsed.append(True))
    bench.warn(warning())
    bench.look()
    assert bench.states() == []
    assert rehearsed == [True]


def test_with_it_a_weaker_alert_brakes_and_the_action_says_why(at_work: Work) -> None:
    without = at_work(careful())
    without.receive(WEAK)
    assert "refused" in without.states()
    bench = at_work(careful())
    bench.warn(warning())
    bench.receive(WEAK)
    (said,) = decided(bench)
    assert said.state == "authorised"
    assert said.heard is not None
    assert [one.issuer for one in said.heard.warnings] == [address(1)]
    assert rederive(said).equal


def test_an_action_whose_warnings_were_bent_does_not_add_up(at_work: Work) -> None:
    bench = at_work(careful(3))
    for by in (1, 2):
        bench.warn(warning(by))
    bench.receive(WEAK)
    (said,) = decided(bench)
    heard = said.heard
    assert heard is not None
    assert rederive(said).equal
    for bent in (None, Heard(issuers=30, warnings=heard.warnings), Heard(issuers=3)):
        assert not rederive(msgspec.structs.replace(said, heard=bent)).equal


def test_a_third_that_lies_changes_no_decision(at_work: Work) -> None:
    bench = at_work(careful(3, confirmed=1000))
    bench.warn(warning(1))
    bench.receive(WEAK)
    (said,) = decided(bench)
    assert said.state == "refused"
    assert rederive(said).equal


def test_a_dry_run_says_what_it_heard_as_well(at_work: Work) -> None:
    bench = at_work(careful(), armed=False)
    bench.warn(warning())
    bench.receive(WEAK)
    (said,) = decided(bench)
    assert said.state == "rehearsed"
    assert said.heard is not None
    assert rederive(said).equal


def test_a_flood_of_signals_lets_alerts_through(at_work: Work) -> None:
    bench = at_work(careful())
    producer = bench.signals.producer()
    for _ in range(5 * MOST_AT_A_TURN):
        producer.send(SIGNALS.name, b"rubbish", key=b"anybody")
    bench.responder.tick()
    assert letters(bench) == MOST_AT_A_TURN
    bench.receive(alert())
    assert "authorised" in bench.states()


def test_who_listens_to_nobody_reads_no_signals(at_work: Work) -> None:
    bench = at_work(careful(0))
    bench.warn(warning())
    assert (letters(bench), outcomes(bench, "issuer")) == (0, 0)


def test_a_restart_hears_what_was_said_before(at_work: Work) -> None:
    before = at_work(careful())
    before.warn(warning())
    after = at_work(careful(), signals=before.broker)
    after.look()
    assert shown(after) > 9


def letters(bench: Assembly) -> int:
    return len(bench.broker.log(Partition(DEAD_LETTERS.name, 0)))


def outcomes(bench: Assembly, why: str) -> float:
    value = bench.metrics.registry.get_sample_value("firebreak_signals_total", {"outcome": why})
    return value or 0.0


def test_rubbish_is_kept_and_what_is_merely_late_is_not(at_work: Work) -> None:
    bench = at_work(careful())
    bench.warn(msgspec.structs.replace(warning(), seq=7))
    assert (letters(bench), outcomes(bench, "signature")) == (1, 1)
    bench.warn(warning(expiry=START))
    bench.warn(warning(2))
    bench.warn(warning(), warning())
    assert letters(bench) == 1
    assert [outcomes(bench, why) for why in ("expiry", "issuer", "sequence", "taken")] == [1] * 4


def test_only_our_people_find_a_signal_right(at_work: Work) -> None:
    ours, other = (Ed25519PrivateKey.generate() for _ in range(2))
    public = ours.public_key()
    bench = at_work(careful(1, confirmed=0), Verifier({key_id(public): public}))
    verdicts = [found(1, "confirmed", number) for number in range(20)]
    for verdict in verdicts:
        bench.warn(verdict)
    assert outcomes(bench, "signature") == 20
    bench.warn(warning())
    assert shown(bench) == 1.0
    for verdict in verdicts:
        bench.warn(verdict, headers=_signed(ours, verdict))
        bench.warn(verdict, headers=_signed(other, verdict))
    assert shown(bench) == pytest.approx(6.52, abs=0.01)


def shown(bench: Assembly) -> float:
    bench.look()
    value = bench.metrics.registry.get_sample_value("firebreak_warned_odds", {"protocol": "meadow"})
    assert value is not None
    return value


def _signed(private: Ed25519PrivateKey, verdict: Verdict) -> Headers:
    return Signer(private).sign(encode(verdict), sequence=1, expires=2**53 - 1)
