"""Brakes whose call names what a transaction did: known only from the chain, and only there."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from responders.adapters import registry, timelock
from responders.adapters.calls import called
from responders.answers import Logged
from responders.levers import Lever, lever_of, within_reach
from schemas.errors import ConfigurationError
from schemas.manifest import Brake, Roles
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import POOL, alert, brake, manifest
from tests.unit.responders.fakes import FakeChain

CANCELS = brake(name="cancel-queued", adapter="timelock", one_detector_may_pause=True)
OTHER = "0x" + "cc" * 20
SCHEDULED = (
    "0x" + keccak(text="CallScheduled(bytes32,uint256,address,uint256,bytes,bytes32,uint256)").hex()
)
TX = alert().tx


def queued(number: int, by: str = POOL, event: str = SCHEDULED) -> Logged:
    return Logged(by, (event, f"0x{number:064x}", f"0x{0:064x}"))


def cancellation(number: int) -> str:
    return called("cancel(bytes32)", number.to_bytes(32))


def lever(chain: FakeChain, *brakes: Brake) -> Lever:
    (found,) = within_reach([manifest(*brakes or (CANCELS,))], chain, 1).values()
    return found


def called_for(*events: Logged) -> list[str]:
    chain = FakeChain()
    chain.events[TX] = events
    return [one.key.calldata for one in lever(chain).called_for(TX)]


def test_every_operation_that_the_transaction_queued_is_cancelled_once() -> None:
    assert called_for(queued(7), queued(9), queued(7)) == [cancellation(7), cancellation(9)]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(queued(7, by=OTHER), id="another contract says so"),
        pytest.param(queued(7, event="0x" + "11" * 32), id="another event"),
        pytest.param(queued(0), id="an operation that nobody can have"),
        pytest.param(Logged(POOL, (SCHEDULED,)), id="no operation is named"),
        pytest.param(Logged(POOL, ()), id="nothing is named"),
    ],
)
def test_nothing_else_is(event: Logged) -> None:
    assert called_for(event) == []


def test_what_is_not_mined_queued_nothing() -> None:
    assert lever(FakeChain()).called_for(TX) == ()


def test_of_very_many_the_first_are_cancelled() -> None:
    assert len(called_for(*(queued(number) for number in range(1, 1_000)))) == timelock.MOST


def test_an_operation_that_the_manifest_names_is_cancelled_whatever_was_queued() -> None:
    fixed = CANCELS.model_copy(update={"parameters": {"operation": "0x" + "AB" * 32}})
    (one,) = lever(FakeChain(), fixed).called_for(TX)
    assert one.key.calldata == called("cancel(bytes32)", b"\xab" * 32)


@pytest.mark.parametrize(
    "route",
    [{"roles": Roles(modifier=OTHER, role="0x" + "00" * 32)}, {"safe": OTHER}],
    ids=["roles", "safe"],
)
def test_a_route_on_which_it_cannot_be_rehearsed_is_refused(route: dict[str, object]) -> None:
    routed = CANCELS.model_copy(update={"gate": None, **route})
    with pytest.raises(ConfigurationError, match=r"cancel-queued: parameters\.operation"):
        registry.build(manifest(routed), FakeChain(), 1)


def test_each_operation_is_an_action_and_one_that_is_told_again_is_not_another(
    journal: Path,
) -> None:
    chain = FakeChain(101)
    chain.events[TX] = (queued(7), queued(9))
    with bench(journal, chain, given=manifest(CANCELS)) as responder:
        responder.receive(alert(), alert())
        assert {one.calldata for one in responder.published()} == {
            cancellation(7),
            cancellation(9),
        }
        actions = {one.action for one in responder.published()}
    assert len(actions) == 2, "an action's name says which operation it cancels"
    with bench(journal, chain, given=manifest(CANCELS)) as responder:
        responder.receive(alert())
        assert {one.action for one in responder.published()} <= actions


def test_after_a_restart_an_action_is_known_by_its_operation(journal: Path) -> None:
    chain = FakeChain(101)
    chain.events[TX] = (queued(7),)
    given = manifest(CANCELS)
    with bench(journal, chain, given=given) as responder:
        responder.receive(alert())
        (course,) = responder.ledger.courses.values()
    found = lever_of(within_reach([given], chain, 1), course.action)
    assert found is not None
    assert found.adapter.plan().calldata == cancellation(7)
    other = manifest(CANCELS.model_copy(update={"target": OTHER}))
    assert lever_of(within_reach([other], chain, 1), course.action) is None


def test_alerts_alike_are_answered_each_where_a_call_comes_from_the_transaction(
    journal: Path,
) -> None:
    chain = FakeChain(101)
    alerts = [alert(1, tx=f"0x{number:064x}", id=f"{number:064x}") for number in range(1, 4)]
    for number, one in enumerate(alerts, 1):
        chain.events[one.tx] = (queued(number),)
    with bench(journal, chain, given=manifest(CANCELS)) as responder:
        responder.receive(*alerts)
        assert len({one.calldata for one in responder.published()}) == len(alerts)
