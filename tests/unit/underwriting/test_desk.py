import msgspec
import pytest

from schemas.alerts import Withdrawal
from schemas.codec import decode, encode
from schemas.risk import Holding, Risk
from tests.unit.underwriting.worlds import (
    CHAIN,
    PROTOCOL,
    START,
    alert,
    block,
    case,
    desk,
    manifest,
    model,
    source,
)
from underwriting.desk import MOST_EVIDENCE, Desk
from underwriting.rederive import differences, unfounded

FULL = Holding(value=5e6, source="chain")


def look(at: Desk, number: int = 1, when: int = START, held: Holding = FULL) -> Risk | None:
    head = block(number, when)
    at.take_block(head)
    return at.look(manifest(), head, held)[0]


def told(at: Desk, number: int = 1, when: int = START, held: Holding = FULL) -> Risk:
    found = look(at, number, when, held)
    assert found is not None
    return found


def test_a_first_record_is_told_and_read_back_as_it_was() -> None:
    risk = told(desk())
    assert decode(encode(risk), Risk) == risk
    assert differences(risk, model()) == []
    assert (risk.block, risk.at, risk.inputs.standing) == (1, START, "calm")


def test_the_next_waits_for_the_heartbeat_where_nothing_moves() -> None:
    at = desk()
    told(at)
    assert look(at, 2, START + 3599) is None
    assert look(at, 3, START + 3600) is not None


def test_a_deviation_tells_at_once() -> None:
    at = desk()
    told(at)
    held = Holding(value=4e6, source="chain")
    assert told(at, 2, START + 12, held).figure("exposure").value == 4e6


def test_an_alert_tells_at_once_and_a_withdrawal_takes_it_back() -> None:
    at = desk()
    calm = told(at)
    at.take_alert(alert(p_value=1e-9), source())
    alarmed = told(at, 2, START + 12)
    assert alarmed.inputs.standing == "alerted"
    assert alarmed.figure("probability").value > 3 * calm.figure("probability").value
    back = Withdrawal(
        id="f" * 64, alert=f"{1:064x}", chain=CHAIN, protocol=PROTOCOL, set="core", block=1,
        block_hash="", tx="", reason="",
    )  # fmt: skip
    at.take_back(back)
    again = told(at, 3, START + 24)
    assert again.figure("probability").value == calm.figure("probability").value


@pytest.mark.parametrize(
    ("given", "standing"),
    [
        (case("detect"), "alerted"),
        (case("respond", "broadcast"), "alerted"),
        (case("respond", "final"), "braked"),
        (case("recover", "final"), "recovering"),
        (case("closed", "final"), "calm"),
        (case("detect", withdrawn=True), "calm"),
    ],
)
def test_how_it_stands_comes_from_its_case(given: object, standing: str) -> None:
    at = desk()
    at.take_case(given, source(3, "incidents-v1"))  # type: ignore[arg-type]  # of `case`
    assert told(at).inputs.standing == standing


def test_the_loss_is_counted_from_when_it_was_last_calm() -> None:
    at = desk()
    told(at)
    at.take_case(case("respond", "final"), source(3, "incidents-v1"))
    risk = told(at, 2, START + 12, Holding(value=4.5e6, source="chain"))
    assert risk.figure("mal_consumed").value == pytest.approx(0.5)


def test_what_was_taken_before_its_alert_arrived_is_counted_too() -> None:
    at = desk()
    for place in range(60):
        look(at, place, START + 12 * place)
    drained = Holding(value=4.5e6, source="chain")
    look(at, 60, START + 720, drained)  # its alert is on its way
    at.take_case(case("respond", "final"), source(3, "incidents-v1"))
    risk = told(at, 61, START + 732, drained)
    assert risk.figure("mal_consumed").value == pytest.approx(0.5)


def test_what_honest_users_took_long_ago_is_not() -> None:
    at = desk()
    told(at)
    less = Holding(value=4.5e6, source="chain")
    for place in range(1, 60):
        look(at, place, START + 12 * place, less)
    at.take_case(case("respond", "final"), source(3, "incidents-v1"))
    assert told(at, 61, START + 732, less).figure("mal_consumed").value == 0.0


def test_it_goes_on_from_its_own_record_after_a_restart() -> None:
    at = desk()
    told(at)
    at.take_case(case("respond", "final"), source(3, "incidents-v1"))
    last = told(at, 2, START + 12, Holding(value=4.5e6, source="chain"))
    after = desk()
    after.remember(last)
    after.take_case(case("respond", "final"), source(3, "incidents-v1"))
    risk = told(after, 3, START + 4000, Holding(value=4.4e6, source="chain"))
    assert risk.figure("mal_consumed").value == pytest.approx(0.6)


def test_time_never_runs_backwards() -> None:
    at = desk()
    told(at, 5, START + 60)
    assert look(at, 4, START + 48, Holding(value=1.0, source="chain")) is None
    assert list(at.looks()) == []


def test_of_many_alerts_the_heaviest_are_kept() -> None:
    at = desk()
    for number in range(1, MOST_EVIDENCE + 20):
        at.take_alert(alert(number, p_value=number / 1e9), source(number))
    kept = told(at).inputs.evidence
    assert len(kept) == MOST_EVIDENCE
    assert max(one.p_value for one in kept) == MOST_EVIDENCE / 1e9


def test_what_is_of_no_manifest_or_another_chain_is_left_out() -> None:
    at = desk()
    at.take_alert(msgspec.structs.replace(alert(), protocol="stranger"), source())
    at.take_alert(msgspec.structs.replace(alert(), chain="eip155:1"), source())
    assert told(at).inputs.evidence == ()


def test_cover_and_money_are_told_in_dollars() -> None:
    euros = manifest(underwriting={"cover": 1000, "dollars": "1.25"})
    at = desk(euros)
    head = block()
    at.take_block(head)
    risk, _ = at.look(euros, head, FULL)
    assert risk is not None
    assert (risk.inputs.cover, risk.inputs.allowable) == (1250.0, 1_250_000.0)


@pytest.mark.parametrize(
    "bent",
    [
        lambda risk: {"figures": risk.figures[1:]},
        lambda risk: {
            "figures": (msgspec.structs.replace(risk.figures[0], value=0.5), *risk.figures[1:])
        },
        lambda risk: {"reasons": ("because",)},
        lambda risk: {"id": "0" * 64},
        lambda risk: {"model": "0" * 64},
        lambda risk: {"inputs": msgspec.structs.replace(risk.inputs, level=0.95)},
    ],
)
def test_what_does_not_follow_from_its_inputs_is_found(bent: object) -> None:
    risk = told(desk())
    changed = msgspec.structs.replace(risk, **bent(risk))  # type: ignore[operator]  # see above
    assert differences(changed, model()) != []


def test_evidence_is_held_against_its_topic() -> None:
    at = desk()
    at.take_alert(alert(), source())
    risk = told(at)
    assert unfounded(risk, lambda _: alert()) == []
    assert "not kept" in unfounded(risk, lambda _: None)[0]
    assert "p-value" in unfounded(risk, lambda _: alert(p_value=1e-3))[0]
    assert "no alert" in unfounded(risk, lambda _: case())[0]
