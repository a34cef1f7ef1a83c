import pytest

from responders.policy import agreeing, candidates
from tests.unit.responders.examples import alert, brake, manifest, vote


def objections(alerted: object = None, **changes: object) -> list[str]:
    votes = alerted or (vote("asset-outflow"), vote("price-move"))
    found = candidates(alert(votes=votes), manifest(brake(**changes)))
    return [candidate.objection for candidate in found]


def test_two_detectors_that_agree_may_pause() -> None:
    assert objections() == [""]


def test_one_detector_alone_may_not() -> None:
    lonely = (vote("asset-outflow"), vote("price-move", alerted=False))
    assert "this brake needs 2" in objections(lonely)[0]


def test_one_detector_may_where_the_manifest_says_so() -> None:
    lonely = (vote("asset-outflow"), vote("price-move", alerted=False))
    assert objections(lonely, one_detector_may_pause=True) == [""]


def test_nobody_alerting_is_never_enough() -> None:
    silent = (vote("asset-outflow", alerted=False),)
    assert objections(silent, one_detector_may_pause=True) != [""]


def test_two_versions_of_one_detector_are_one() -> None:
    assert agreeing(alert(votes=(vote("price-move"), vote("price-move")))) == 1


@pytest.mark.parametrize("alone", [True, False])
def test_a_whole_protocol_is_never_braked_automatically(*, alone: bool) -> None:
    assert "for people" in objections(scope="T3", one_detector_may_pause=alone)[0]


def test_a_withdrawn_alert_pulls_nothing() -> None:
    found = candidates(alert(), manifest(), withdrawn=True)
    assert all("withdrawn" in candidate.objection for candidate in found)


@pytest.mark.parametrize("alone", [True, False])
def test_over_a_contract_that_nobody_called_nothing_is_braked(*, alone: bool) -> None:
    found = candidates(alert(subject="deployment"), manifest(brake(one_detector_may_pause=alone)))
    assert all("for people" in candidate.objection for candidate in found)


def test_a_brake_may_say_that_a_deployment_pulls_it_and_then_evidence_still_counts() -> None:
    for alone, scope, objected in ((True, "T2", ""), (False, "T2", "few"), (True, "T3", "people")):
        told = brake(deployment_may_pause=True, one_detector_may_pause=alone, scope=scope)
        seen = alert(subject="deployment", votes=(vote("deployed-code"),))
        (found,) = candidates(seen, manifest(told))
        assert objected in found.objection
        assert bool(objected) == bool(found.objection)


def test_narrow_brakes_come_first() -> None:
    brakes = [brake(name=scope, scope=scope) for scope in ("T2", "T3", "T1")]
    found = candidates(alert(), manifest(*brakes))
    assert [candidate.brake.name for candidate in found] == ["T1", "T2", "T3"]


def test_a_pending_transaction_is_judged_like_one_at_the_head() -> None:
    found = candidates(alert(phase="pending"), manifest())
    assert [candidate.objection for candidate in found] == [""]
