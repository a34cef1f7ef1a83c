from dataclasses import replace
from typing import ClassVar

import orjson
import pytest

from detectors.api import Detector, Features, Scope
from detectors.guarded import MAX_FAULTS
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address, make
from detectors.waiting import QUARANTINE, SUSPECT_WEIGHT
from schemas.alerts import Alert
from schemas.chain import Flow, Log, Transaction, Write
from schemas.codec import encode
from schemas.manifest import Contract, Manifest
from tests.unit.detectors.fakes import Broken, GasSize

FINALITY = 4
POOL = address(10)
POOL_OF_MANIFEST = Contract(address=POOL, role="pool")


def host(*makes: type[Detector], manifest: Manifest | None = None, budget: float = 0.02) -> Host:
    rules = Rules(set_name="core", finality=FINALITY, budget=budget)
    chosen = makes or (GasSize,)
    return Host(Scope(CHAIN, PROTOCOL, manifest), rules, {make.spec.name: make for make in chosen})


def tx(block: int, gas: int = 1, branch: str = "a", **parts: object) -> Transaction:
    place: dict[str, object] = {
        "block": block,
        "index": 0,
        "block_hash": f"{branch}{block}",
        "writes": (Write(contract=POOL, slot="0", value="1"),),
    }
    return make(block, gas_used=str(gas), **(place | parts))


def learned(of: Host, name: str = "gas-size") -> list[list[float]]:
    found: list[list[float]] = of.dump()["members"][name]["state"]["state"]["learned"]
    return found


def grown(of: Host, blocks: int = 200) -> Host:
    for block in range(blocks):
        of.take(tx(block))
    return of


def alerting(of: Host, block: int) -> Alert:
    _, alert = of.take(tx(block, gas=50))
    assert alert is not None
    return alert


def test_a_transaction_is_scored_before_it_is_learned() -> None:
    subject = host()
    first, _ = subject.take(tx(0, gas=5))
    assert first is not None
    assert first.views[0].score == 5.0
    assert learned(subject) == []


class Silent(GasSize):
    """Finds nothing to look at; `FOUND` is what it says instead."""

    FOUND: ClassVar[Features | None] = {}

    def features(self, tx: Transaction) -> Features:
        return self.FOUND  # type: ignore[return-value]  # one that forgets to return

    def score_one(self, x: Features) -> float:
        return 7.0


def test_nothing_to_look_at_is_neither_scored_nor_learned() -> None:
    subject = host(Silent)
    opinion, _ = subject.take(tx(0))
    subject.take(tx(FINALITY))
    assert opinion is not None
    assert (opinion.views[0].score, opinion.views[0].spoke) == (0.0, False)
    assert (learned(subject), subject.learned, subject.faults()) == ([], 1, [])


def test_a_detector_that_answers_with_no_mapping_has_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Silent, "FOUND", None)
    subject = host(Silent)
    subject.take(tx(0))
    ((name, fault),) = subject.faults()
    assert (name, fault.partition(":")[0]) == ("gas-size", "features")


def test_it_is_learned_once_its_own_protocol_shows_that_it_is_final() -> None:
    subject = host()
    subject.take(tx(0, gas=5))
    subject.take(tx(FINALITY - 1))
    assert learned(subject) == []
    opinion, _ = subject.take(tx(FINALITY, gas=5))
    assert learned(subject) == [[5.0, 1.0]]
    assert opinion is not None
    assert opinion.views[0].score == 0.0


def test_a_strange_transaction_alerts_with_its_reasons() -> None:
    alert = alerting(grown(host()), 200)
    assert alert.p_value <= alert.budget
    assert alert.votes[0].detector == "gas-size"
    assert alert.votes[0].alerted
    what, unusual, stake, move = alert.summary.split("; ")
    assert what == "it used much gas"
    assert unusual.startswith("one in ")
    assert stake == "no outflow was seen"
    assert "brake" in move or "look" in move
    assert alert.votes[0].learned == 197


def test_one_that_alerted_is_learned_late_and_for_little() -> None:
    subject = grown(host())
    alerting(subject, 200)
    subject.take(tx(200 + FINALITY + QUARANTINE - 1))
    assert [50.0, SUSPECT_WEIGHT] not in learned(subject)
    subject.take(tx(200 + FINALITY + QUARANTINE))
    assert [50.0, SUSPECT_WEIGHT] in learned(subject)


def test_one_over_which_a_brake_was_pulled_is_never_learned() -> None:
    manifest = Manifest(
        protocol=PROTOCOL, chain=CHAIN, contracts=(Contract(address=POOL, role="pool"),)
    )
    subject = grown(host(manifest=manifest))
    alerting(subject, 200)
    subject.take(tx(201, logs=(Log(log=0, contract=POOL, name="Paused"),)))
    subject.take(tx(201 + FINALITY + QUARANTINE))
    assert 50.0 not in [value for value, _ in learned(subject)]


def test_a_strangers_pause_event_confirms_nothing() -> None:
    manifest = Manifest(
        protocol=PROTOCOL, chain=CHAIN, contracts=(Contract(address=POOL, role="pool"),)
    )
    subject = grown(host(manifest=manifest))
    alerting(subject, 200)
    subject.take(tx(201, logs=(Log(log=0, contract=address(66), name="Paused"),)))
    subject.take(tx(201 + FINALITY + QUARANTINE))
    assert [50.0, SUSPECT_WEIGHT] in learned(subject)


def test_a_redelivered_transaction_is_passed_over() -> None:
    subject = host()
    subject.take(tx(0))
    before = subject.dump()
    assert subject.take(tx(0)) == (None, None)
    assert subject.dump() == before


def test_a_retracted_block_is_forgotten_and_its_alert_withdrawn() -> None:
    subject, untouched = grown(host()), grown(host())
    alert = alerting(subject, 200)
    (withdrawal,) = subject.retract(200, "a200")
    assert withdrawal.alert == alert.id
    assert withdrawal.chain == CHAIN
    for of in (subject, untouched):
        opinion, _ = of.take(tx(200, branch="b"))
        assert opinion is not None
    assert orjson.dumps(subject.dump()) == orjson.dumps(untouched.dump())


def test_a_retraction_of_another_block_changes_nothing() -> None:
    subject = grown(host())
    before = subject.dump()
    assert subject.retract(199, "b199") == []
    assert subject.dump() == before


def test_a_block_that_comes_back_raises_the_same_alert_again() -> None:
    subject = grown(host())
    first = alerting(subject, 200)
    subject.retract(200, "a200")
    assert encode(alerting(subject, 200)) == encode(first)


def test_a_pending_transaction_is_scored_and_leaves_no_trace() -> None:
    subject = grown(host())
    before = subject.dump()
    _, alert = subject.take(tx(200, gas=50, phase="pending"))
    assert alert is not None
    assert alert.phase == "pending"
    assert subject.dump() == before


def test_a_host_loaded_from_a_snapshot_goes_on_byte_for_byte() -> None:
    original = host(budget=0.1)
    copy = host(budget=0.1)
    for block in range(150):
        original.take(tx(block, gas=block % 7))
    copy.load(orjson.loads(orjson.dumps(original.dump())))
    for block in range(150, 300):
        record = tx(block, gas=(block * 31) % 23)
        ours, theirs = original.take(record)[1], copy.take(record)[1]
        assert (ours and encode(ours)) == (theirs and encode(theirs))
    assert orjson.dumps(original.dump()) == orjson.dumps(copy.dump())


def test_what_is_written_for_a_snapshot_is_the_dump() -> None:
    subject = host(budget=0.1)
    for block in range(150):
        subject.take(tx(block, gas=(block * 31) % 23))
        assert orjson.loads(subject.written()) == orjson.loads(orjson.dumps(subject.dump()))
    copy = host(budget=0.1)
    copy.load(orjson.loads(subject.written()))
    assert copy.written() == subject.written()


def test_a_new_version_of_a_detector_starts_anew() -> None:
    subject = grown(host())
    state = subject.dump()
    state["members"]["gas-size"]["version"] = "0.9.0"
    fresh = host()
    fresh.load(state)
    assert learned(fresh) == []


def test_a_failing_detector_has_no_opinion_and_the_others_go_on() -> None:
    subject = host(Broken, GasSize)
    for block in range(8):
        opinion, _ = subject.take(tx(block, gas=5))
        assert opinion is not None
        assert opinion.views[1].score == 5.0 * (block < FINALITY)
    assert len(list(subject.faults())) == 8
    assert list(subject.faults()) == []


def test_a_shipped_detector_cannot_be_silenced_by_what_it_stumbles_over() -> None:
    class Stumbling(GasSize):
        def features(self, tx: Transaction) -> Features:
            if tx.gas_used == "13":
                raise RuntimeError("unlucky")
            return super().features(tx)

    subject = host(Stumbling)
    for block in range(200):
        subject.take(tx(block, gas=13))
    opinion, _ = subject.take(tx(200, gas=5))
    assert opinion is not None
    assert opinion.views[0].score == 5.0
    assert 0 < len(list(subject.faults())) <= MAX_FAULTS


def test_features_can_be_taken_away() -> None:
    rules = Rules(set_name="core", finality=1, budget=0.01, without=frozenset({"gas"}))
    subject = Host(Scope(CHAIN, PROTOCOL), rules, {"gas-size": GasSize})
    opinion, _ = subject.take(tx(0, gas=5))
    assert opinion is not None
    assert opinion.views[0].score == 0.0


@pytest.mark.parametrize(("gas", "alerts"), [(0, 0), (50, 1)])
def test_the_alert_rate_follows_the_budget(gas: int, alerts: int) -> None:
    _, alert = grown(host(budget=1 / 100)).take(tx(200, gas=gas))
    assert int(alert is not None) == alerts


class Another(GasSize):
    """Joins the set later."""

    spec = replace(GasSize.spec, name="another")


def test_a_detector_that_is_emptied_forgets_its_scores_too() -> None:
    subject = grown(host(), 30)
    while len(subject._waiting):
        subject.shrink()
    assert [tail.learned for tail in subject._scale("storage").scores] == [26.0]
    assert subject.shrink() == "all that gas-size had learned"
    assert [tail.learned for tail in subject._scale("storage").scores] == [0.0]


def test_a_set_may_grow_and_shrink_and_nobody_else_forgets() -> None:
    original = grown(host())
    before = original.dump()
    for makes in ((Another, GasSize), (GasSize,), (GasSize, Another)):
        subject = host(*makes)
        subject.load(orjson.loads(orjson.dumps(before)))
        assert learned(subject) == learned(original)
        for block in range(200, 210):
            opinion, _ = subject.take(tx(block))
            assert opinion is not None
            views = {view.spec.name: view for view in opinion.views}
            assert views["gas-size"].learned >= 196


def test_a_waiting_transaction_that_would_be_reverted_costs_no_alert() -> None:
    subject = grown(host())
    opinion, alert = subject.take(tx(201, gas=50, ok=False, phase="pending"))
    assert opinion is not None
    assert (opinion.p_value, alert) == (1.0, None)


def test_a_block_that_taught_nothing_leaves_the_chain_too() -> None:
    subject = grown(host())
    subject.take(tx(201, ok=False, index=5))
    assert subject.retract(201, "a201") == []
    opinion, _ = subject.take(tx(201, branch="b", index=2))
    assert opinion is not None, "what replaced it is no repeat"


def test_a_retraction_that_comes_again_lets_nothing_be_taken_twice() -> None:
    subject = grown(host())
    subject.take(tx(201, branch="b"))
    subject.retract(200, "a200")
    assert subject.take(tx(201, branch="b")) == (None, None)


def test_after_a_brake_an_alert_can_still_be_withdrawn() -> None:
    manifest = Manifest(protocol=PROTOCOL, chain=CHAIN, contracts=(POOL_OF_MANIFEST,))
    subject = grown(host(manifest=manifest))
    alert = alerting(subject, 201)
    subject.take(tx(202, logs=(Log(log=0, contract=POOL, name="Paused"),)))
    assert [gone.alert for gone in subject.retract(201, "a201")] == [alert.id]


def test_sums_of_another_set_teach_nothing() -> None:
    before = grown(host(GasSize, Broken))
    after = host(GasSize)
    after.load(orjson.loads(orjson.dumps(before.dump())))
    learned_before = after.dump()["scales"]["storage"]["evidence"]
    after.take(tx(300))
    assert after.dump()["scales"]["storage"]["evidence"] == learned_before


def test_an_amount_that_is_no_number_stops_no_alert() -> None:
    subject = grown(host())
    flow = Flow(token=address(20), sender=POOL, to=address(5), amount="a lot")
    _, alert = subject.take(tx(201, gas=50, flows=(flow,)))
    assert alert is not None
