"""What is said on chain of who may brake, and of what was braked and let go, gets, through ingest,
to where the log reads."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from assurance.look import Means
from assurance.rights import answer_by
from assurance.sources import Sources
from forensics.record import database
from forensics.record.leaf import leaf_of
from forensics.record.log_writer import LogWriter
from forensics.record.proof import check_proof
from forensics.record.proving import prove
from forensics.record.verification import verify
from runtime.memory import MemoryBroker
from sandbox.node import LocalNode
from schemas.chain import Event
from schemas.codec import decode_from
from schemas.manifest import Contract, Manifest
from schemas.services import RECORDED
from schemas.topics import AUTHORITY
from schemas.underwriting import Underwriting
from tests.forensic_log import SIGNER, seal
from tests.integration.assurance.watch import Watch
from tests.integration.contracts.hands import Hands
from tests.integration.ingest.running import CHAIN
from tests.integration.underwriting.covered import Covered
from tests.publication import log
from tests.risk_model import Rule
from tests.unit.assurance.fakes import FakeChain

pytestmark = pytest.mark.node


def told_of(node: LocalNode, watched: Manifest) -> MemoryBroker:
    """Let ingest and assure read a node to its end."""
    means = {watched.protocol: Means(Sources(CHAIN, None))}
    watch = Watch(watched, lambda: (FakeChain(), means))
    watch.of_ingest(node)
    return watch.broker


def events(broker: MemoryBroker) -> list[Event]:
    found = [decode_from(AUTHORITY, one.value or b"") for one in log(broker, AUTHORITY)]
    return [one for one in found if isinstance(one, Event)]


def test_who_changes_the_brake_s_rights_is_told_as_the_chain_has_it(node: LocalNode) -> None:
    hands = Hands(node, "safe")
    owner, responder = hands.owner, hands.funded("responder").address
    gate = hands.create("BrakeGate", owner.address)
    assert hands.does(owner, gate.call("setResponder", responder, True))  # noqa: FBT003 - the contract's
    assert hands.does(owner, gate.call("setBudget", 1, 600))
    assert hands.does(owner, gate.call("kill"))
    ours = Contract(address=gate.address, role="gate", holds_value=False)
    watched = Manifest(protocol="meadow", chain=CHAIN, contracts=(ours,))

    broker = told_of(node, watched)
    names = [one.name for one in events(broker)]
    assert names == ["OwnershipTransferred", "ResponderSet", "BudgetSet", "Killed"]
    assert AUTHORITY in RECORDED


def test_what_a_cover_a_feed_and_a_dial_say_of_assertions_reporters_and_rules_is_told(
    node: LocalNode,
) -> None:
    covered = Covered(node)
    feeds = covered.feed.address, covered.new_feed().address
    dial = covered.create("RiskDial", covered.owner.address, *feeds, Rule())
    name = covered.asserted()
    until = covered.told("assertionOf", name)[4]
    covered.disputed(name)
    assert covered.does(covered.owner, dial.call("setRule", Rule(relax=2_500)))
    assert covered.does(
        covered.owner,
        covered.feed.call("setReporter", covered.stranger.address, True),  # noqa: FBT003 - the contract's
    )
    watched = Manifest(
        protocol="meadow",
        chain=CHAIN,
        contracts=(
            Contract(address=covered.pool.address, role="cover", holds_value=False),
            Contract(address=covered.feed.address, role="other", holds_value=False),
            Contract(address=dial.address, role="dial", holds_value=False),
        ),
        underwriting=Underwriting(feed=covered.feed.address),
    )

    found = events(told_of(node, watched))
    said = {(one.contract, one.name) for one in found} - {
        (one.contract, "OwnershipTransferred") for one in found
    }
    assert said == {
        (covered.pool.address, "Asserted"),
        (covered.pool.address, "Disputed"),
        (covered.feed.address, "MaxDelaySet"),
        (covered.feed.address, "ReporterSet"),
        (dial.address, "RuleSet"),
    }, "no purchase, no deposit, no report"
    (asserted,) = [one for one in found if one.name == "Asserted"]
    assert answer_by(asserted, watched) == until


def test_a_release_by_whoever_may_is_in_the_log_which_says_that_nobody_ordered_it(
    node: LocalNode, tmp_path: Path
) -> None:
    """Straight to the contract, past `firebreak recover`: its event is what tells."""
    hands = Hands(node, "guardian")
    store = hands.create("Coffer", hands.owner.address)
    role = keccak(text="PAUSER_ROLE")
    assert hands.does(hands.owner, store.call("grantRole", role, hands.owner.address))
    assert hands.does(hands.owner, store.call("pause"))
    assert hands.does(hands.owner, store.call("unpause"))
    ours = Contract(address=store.address, role="vault", holds_value=True)
    broker = told_of(node, Manifest(protocol="store", chain=CHAIN, contracts=(ours,)))

    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as kept:
        kept.append([leaf_of(one) for one in log(broker, AUTHORITY)])
        seal(kept)
        paused, unpaused = events(broker)
        assert (paused.name, unpaused.name) == ("Paused", "Unpaused")
        (place,) = kept.reader.named(bytes.fromhex(unpaused.id))
        check_proof(prove(kept.reader, place), SIGNER.key, [], 0)
        found = verify(kept.reader, SIGNER.key)
    engine.dispose()
    assert found.findings + found.disorder == (), "the log is sound"
    (note,) = found.unordered
    assert note.startswith(f"leaf 1: Unpaused of {store.address} (store, block {unpaused.block} ")
    assert unpaused.tx in note
