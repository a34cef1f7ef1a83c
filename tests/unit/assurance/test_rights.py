"""What gates say of who may brake: told on as it was found, of our own gates and nobody else's."""

from decimal import Decimal

import msgspec
import pytest
from eth_utils.crypto import keccak

from assurance.answers import PLACES
from assurance.rights import LONGEST, LOOK_WITHIN, answer_by, told
from runtime.broker import Message
from runtime.service import Service
from schemas.chain import Event
from schemas.codec import decode_from, encode
from schemas.manifest import Brake, Contract, Halt, Manifest
from schemas.topics import AUTHORITY, EVENTS
from schemas.underwriting import Underwriting
from tests.publication import log
from tests.unit.assurance.test_assess import CHAIN, NEW, OLD, POOL
from tests.unit.assurance.test_service import World, event

GATE, THROUGH = NEW, OLD
ONE = Decimal(1)
MANIFEST = Manifest(
    protocol="meadow",
    chain=CHAIN,
    contracts=(
        Contract(address=POOL, role="pool"),
        Contract(address=GATE, role="gate", holds_value=False),
    ),
    halt=Halt(false_halt_cost=ONE, value_exposed=ONE, loss_per_second=ONE),
    brakes=(Brake(name="pause", adapter="gate", target=POOL, gate=THROUGH),),
)


def said(signature: str, contract: str = GATE, **changes: str) -> Event:
    topics = ("0x" + keccak(text=signature).hex(), "0x" + "00" * 32)
    found = msgspec.structs.replace(event("", contract), topics=topics, data="0x01")
    return msgspec.structs.replace(found, **changes)


@pytest.mark.parametrize("contract", [GATE, THROUGH])
@pytest.mark.parametrize(
    "signature",
    [
        "ResponderSet(address,bool)", "HeartbeatSet(address,bool)", "BudgetSet(uint32,uint64)",
        "TtlSet(uint64)", "EpochSet(uint64)", "BrakeSet(bytes32,address,bytes,bool)", "Killed()",
        "AuthorityRenewed(address,uint64)", "Braked(bytes32,address,address,bytes4,uint64)",
        "OperatorsSet(address[],uint256)", "MayTightenSet(address,bool)",
        "OwnershipTransferred(address,address)",
    ],
)  # fmt: skip
def test_what_a_gate_of_ours_says_is_told_with_its_name(contract: str, signature: str) -> None:
    given = said(signature, contract)
    found = told(given, MANIFEST)
    assert found == msgspec.structs.replace(given, name=signature.partition("(")[0])


@pytest.mark.parametrize("signature", ["Paused(address)", "Unpaused(address)", "Resumed()"])
def test_a_brake_and_a_release_of_the_protocol_s_own_contracts_are_told(signature: str) -> None:
    """Whoever sent the transaction: nobody has to tell us of it."""
    given = said(signature, POOL)
    assert told(given, MANIFEST) == msgspec.structs.replace(given, name=signature.partition("(")[0])
    assert told(said(signature, "0x" + "99" * 20), MANIFEST) is None


def test_what_others_say_is_not() -> None:
    assert told(said("Killed()", POOL), MANIFEST) is None, (
        "a stranger's contract says what it likes"
    )
    assert told(said("Transfer(address,address,uint256)"), MANIFEST) is None
    assert told(said("Killed()", chain="eip155:10"), MANIFEST) is None
    assert told(said("Killed()", protocol="orchard"), MANIFEST) is None
    assert told(event("Killed", GATE), MANIFEST) is None, "a name without its topic is no event"


def test_the_service_tells_it(world: World) -> None:
    world.manifest = MANIFEST
    world.task = world.started()
    given = [said("ResponderSet(address,bool)"), said("Killed()", POOL), said("Killed()")]
    batch = [Message(EVENTS.name, 0, at, b"k", encode(one), ()) for at, one in enumerate(given)]
    world.task.process(batch)
    kept = log(world.broker, AUTHORITY)
    records = [decode_from(AUTHORITY, message.value or b"") for message in kept]
    assert [one.name for one in records if isinstance(one, Event)] == ["ResponderSet", "Killed"]
    assert {message.key for message in kept} == {b"assure"}


COVER, FEED, DIAL, BEHIND = ("0x" + digit * 40 for digit in "7896")
INSURED = MANIFEST.model_copy(
    update={
        "contracts": (
            *MANIFEST.contracts,
            Contract(address=COVER, role="cover", holds_value=False),
            Contract(address=BEHIND, role="dial", holds_value=False),
        ),
        "underwriting": Underwriting(feed=FEED, dials=(DIAL,)),
    }
)
ASSERTED = "Asserted(bytes32,bytes32,address,bytes32,uint64,uint16,uint64)"
REFUSED = "Refused(address,uint256,bytes)"


def asserted(until: int, contract: str = COVER) -> Event:
    """Say that an assertion of the first second can be disputed until then."""
    words = 0xEE, 1, 10_000, until
    return msgspec.structs.replace(
        said(ASSERTED, contract), data="0x" + "".join(f"{word:064x}" for word in words)
    )


def until(event: Event) -> int | None:
    found = told(event, INSURED)
    assert found is not None
    return answer_by(found, INSURED)


def test_what_is_asserted_or_changes_hands_has_to_be_answered_in_time() -> None:
    assert until(asserted(900)) == 900
    assert until(asserted(2**64 - 1)) == LONGEST, "whatever it says"
    assert until(said(ASSERTED, COVER)) == LOOK_WITHIN, "of what has other words, no less"
    assert until(said("ReporterSet(address,bool)", FEED)) == LOOK_WITHIN
    for dial in (DIAL, BEHIND):
        assert until(said("OwnershipTransferred(address,address)", dial)) == LOOK_WITHIN
    assert until(said("Disputed(bytes32,address,uint64)", COVER)) is None
    assert until(said("ResponderSet(address,bool)")) is None, "a gate's, as ever"


def test_what_users_cause_and_what_others_assert_is_not_told() -> None:
    for signature, contract in (
        ("Deposited(address,uint256)", COVER),
        ("Reported(uint80,bytes32,address)", FEED),
        ("Turned(uint16,uint16,uint16)", DIAL),
        (ASSERTED, POOL),
        ("ReporterSet(address,bool)", GATE),
    ):
        assert told(said(signature, contract), INSURED) is None, signature
    assert told(asserted(900), MANIFEST) is None, "a stranger's contract"


def processed(world: World, *given: Event) -> None:
    """Let the service read events, each with an id of its own."""
    named = [msgspec.structs.replace(one, id=f"{at:064x}") for at, one in enumerate(given)]
    batch = [Message(EVENTS.name, 0, at, b"k", encode(one), ()) for at, one in enumerate(named)]
    world.task.process(batch)


def waiting(world: World, kind: str) -> list[float]:
    """Until when each place of a kind of event waits."""
    gauge = world.metrics.answer_by
    return [gauge.labels("meadow", kind, str(at))._value.get() for at in range(PLACES)]


@pytest.fixture
def insured(world: World) -> World:
    world.manifest = INSURED
    world.task = world.started()
    return world


def test_the_service_says_until_when_and_keeps_what_waits_apart(insured: World) -> None:
    processed(insured, asserted(900), asserted(950), said("Deposited(address,uint256)", COVER))
    assert waiting(insured, "Asserted") == [900, 950, *[0] * (PLACES - 2)]


def test_what_waits_is_known_again_after_a_restart_in_the_same_places(insured: World) -> None:
    processed(insured, asserted(900), asserted(950), said(REFUSED, DIAL), said("Killed()"))
    insured.service = Service("assure")
    insured.metrics = insured.service.metrics
    insured.broker.producer().send(AUTHORITY.name, b"not a record", key=b"assure")
    insured.task = insured.started()
    assert waiting(insured, "Asserted")[:3] == [900, 950, 0]
    assert waiting(insured, "Refused")[0] == LOOK_WITHIN
    processed(insured, asserted(900), asserted(950))  # read again: nothing was committed
    assert waiting(insured, "Asserted")[:3] == [900, 950, 0]


def test_a_reserve_that_aave_refuses_is_one_alert_and_hides_no_assertion(insured: World) -> None:
    """Whoever turns a dial has a refusal told again, as often as he likes."""
    refused = [said(REFUSED, DIAL)] * (PLACES - 1)
    processed(insured, asserted(900), *refused, asserted(950))
    assert waiting(insured, "Asserted")[:3] == [900, 950, 0]
    assert waiting(insured, "Refused") == [LOOK_WITHIN, *[0] * (PLACES - 1)]


def test_a_refusal_from_before_that_comes_late_ends_nothing(insured: World) -> None:
    """Dials may lie in different partitions, and what was read may be read again."""
    later = msgspec.structs.replace(said(REFUSED, DIAL), timestamp=500)
    processed(insured, later, said(REFUSED, DIAL))
    assert waiting(insured, "Refused")[0] == 500 + LOOK_WITHIN


@pytest.fixture
def world() -> World:
    return World()
