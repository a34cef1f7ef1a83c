"""What a responder is put together from; see `cli.respond`."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cli.respond_beside import GWEI

if TYPE_CHECKING:
    from responders.book import Book
    from responders.chain import Chain
    from responders.intake import AlertIntake
    from responders.levers import Levers
    from responders.outlook import Account, Outlook
    from responders.relay import Relay
    from responders.responder import Ears, Responder
    from responders.submission import Notices
    from responders.switch import Switch
    from runtime.broker import Producer
    from runtime.intake import Intake
    from runtime.kafka import KafkaBroker
    from runtime.leadership import Leadership
    from runtime.neighbourhood import Neighbourhood
    from runtime.service import Service
    from runtime.settings import RespondSettings, Settings
    from runtime.signatures import Signer
    from schemas.manifest import Manifest


class Beyond(NamedTuple):
    """What a responder reaches beside its node, where it is configured."""

    second: "Chain | None"
    relay: "Relay | None"


class Desk(NamedTuple):
    """What every replica has at hand, whether it acts or stands by. The manifests are those of its
    start: what is changed on disk meanwhile counts from the next."""

    settings: "Settings"
    service: "Service"
    broker: "KafkaBroker"
    manifests: "Collection[Manifest]"
    chain: "Chain"
    beyond: Beyond


class Office(NamedTuple):
    """What the replica that acts has taken on."""

    lead: "Leadership"
    book: "Book"
    producer: "Producer"
    recorded: bool
    """Whether arming is recorded."""
    levers: "Levers"
    account: "Account"
    notices: "Notices | None"


@contextmanager
def beyond(settings: "Settings") -> Iterator[Beyond]:
    """Connect to the second node, if two are configured, and to the private relay."""
    from responders.chain import NodeChain
    from responders.relay import Relay
    from responders.witness import WITNESS_SECONDS
    from runtime.evm import Endpoints

    own, seconds = settings.respond, min(settings.evm.request_seconds, WITNESS_SECONDS)
    with ExitStack() as stack:
        others = (own.endpoints or settings.evm.endpoints)[1:]
        second = relay = None
        if others:
            nodes = stack.enter_context(closing(Endpoints(others, seconds)))
            second = NodeChain(nodes)
        if own.relay is not None:
            made = Relay(own.relay, own.relay_method, own.relay_blocks, seconds)
            relay = stack.enter_context(closing(made))
        yield Beyond(second, relay)


def group_of(chain: "Chain") -> str:
    """Return the group whose members share a chain's alerts."""
    return f"firebreak-respond-{chain.name.replace(':', '-')}"


def journal_of(settings: "Settings", chain: "Chain") -> Path:
    """Return the journal's path; a dry-run may keep its own in the home folder."""
    default = settings.home / "respond" / f"{chain.name.replace(':', '-')}-dry-run.jsonl"
    return settings.respond.journal or default


def step_signer(own: "RespondSettings") -> "Signer | None":
    """Return what signs the steps of brakes on their topic, where a key is configured."""
    from cli.apart import signer_apart

    key = own.signing_key
    return None if key is None else signer_apart(key, own.trusted_keys, "actions")


def alerts_of(desk: Desk, intake: "Intake") -> "AlertIntake":
    """Return what reads detectors' alerts, and other operators' words where any have a say."""
    from responders.intake import AlertIntake
    from responders.words import Words
    from runtime.signatures import verifier_of

    service = desk.service
    asked = any(manifest.quorum for manifest in desk.manifests)
    words = Words(desk.broker.offsets_at, service.clock) if asked else None
    verifier = verifier_of(desk.settings.respond.trusted_keys)
    return AlertIntake(intake, verifier, desk.chain.name, service.metrics, words)


def outlook_of(
    desk: Desk, account: "Account", switch: "Switch", neighbours: "Neighbourhood"
) -> "Outlook":
    """Return what keeps at hand what a brake needs to know."""
    from responders.outlook import Outlook

    cap = desk.settings.respond.fee_cap_gwei * GWEI
    return Outlook(desk.chain, account, cap, desk.manifests, switch, neighbours)


def responder_of(desk: Desk, office: Office, outlook: "Outlook", ears: "Ears") -> "Responder":
    """Return what answers alerts, after it went on with what its journal says is under way."""
    from responders.delivery import Delivery, Patience
    from responders.executor import Executor
    from responders.levers import within_reach
    from responders.preparation import Preparation
    from responders.responder import Responder
    from responders.response import Response
    from responders.submission import Submission
    from responders.witness import Witness

    own, metrics, clock = desk.settings.respond, desk.service.metrics, desk.service.clock
    levers, book, witness = office.levers, office.book, None
    if desk.beyond.second is not None:
        seconds = within_reach(desk.manifests, desk.beyond.second, office.lead.term, own.emergency)
        witness = Witness(seconds, metrics)
    finality = desk.settings.finality_of(desk.chain.name)
    patience = Patience(replace=own.replace_after_blocks, final=finality)
    submission = Submission(outlook, levers, metrics, office.notices)
    executor = Executor(
        book,
        outlook,
        Preparation(outlook, book.ledger, levers, submission, witness),
        Delivery(outlook, levers, patience, clock, metrics, desk.beyond.relay),
        submission,
        office.lead,
    )
    executor.resume()
    response = Response(levers, book, executor, outlook, clock, metrics)
    return Responder(ears, response, executor, book, clock, own.look_seconds)
