"""Collects the evidence of one incident into one bag, by running the analysis once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from forensics.cases import catalogue, custody, records
from forensics.cases.analysis import Analysis
from forensics.cases.asking import NotGivenError
from forensics.cases.bag import Bag
from forensics.cases.custody import Custody
from forensics.cases.dossier import open_dossier
from forensics.cases.gathering import gather, gather_deployments
from forensics.cases.investigation import Reach, investigate
from forensics.cases.labels import parse_labels
from forensics.cases.recording import Bounds, Node, Recorder
from forensics.cases.transactions import address
from forensics.cases.trust import Exhibit, Trust
from runtime.broker import Broker
from runtime.clock import Clock
from runtime.manifests import load_manifest
from schemas.chain import Deployment
from schemas.errors import ConfigurationError
from schemas.incidents import Incident

MANIFEST = "manifest.toml"
LABELS = "labels.toml"
NO_LABELS = b'version = "none"\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be collected, by whom and why."""

    incident: str
    """The beginning of its id."""
    who: str
    why: str
    reach: Reach = field(default_factory=Reach)
    bounds: Bounds = field(default_factory=Bounds)
    labels: bytes = NO_LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where it is collected from."""

    broker: Broker
    nodes: Sequence[Node]
    protocols: Path
    """The folder with the manifests."""
    clock: Clock
    trust: Trust = field(default_factory=Trust)
    """Whose word its records have to be."""


def collect(
    order: Order, sources: Sources, folder: Path, stamp: Callable[[bytes], bytes] | None
) -> Analysis:
    """Make the bag `folder`; return the analysis that the evidence gives.

    `stamp` returns an authority's time stamp over some bytes. The folder is there when all of it is
    there, else not at all. Raises `ConfigurationError` when there is nothing to collect or the
    folder exists, `TransientError` when a topic or the authority does not answer.
    """
    clock = sources.clock
    began = clock.now_ns()
    exhibits = gather(sources.broker, order.incident, sources.trust)
    labels = parse_labels(order.labels, "labels")
    with Bag(folder) as bag:
        recorder = Recorder(sources.nodes, bag, clock, order.bounds)
        incident = open_dossier(exhibits).incident
        exhibits += _deployments(sources.broker, recorder, exhibits, incident)
        dossier = open_dossier(exhibits)
        manifest_file = _manifest_file(sources.protocols, incident.protocol)
        bag.keep(MANIFEST, manifest_file.read_bytes())
        bag.keep(LABELS, order.labels)
        records.keep(exhibits, bag.keep)
        manifest = load_manifest(manifest_file)
        analysis = investigate(recorder, dossier, manifest, labels, order.reach)
        bag.keep(catalogue.FILE, catalogue.write(recorder.entries.values()))
        record = _custody(order, sources, recorder, incident, analysis, began)
        bag.keep(custody.FILE, msgspec.json.format(msgspec.json.encode(record)) + b"\n")
        sealed = bag.close(
            {
                "External-Identifier": incident.id,
                "External-Description": order.why[:500],
                "Contact-Name": order.who[:200],
                "Bagging-Date": record.ended[:10],
                "Bag-Software-Agent": f"firebreak {record.tools['firebreak']}",
            }
        )
        bag.seal(stamp(sealed) if stamp is not None else None)
    return analysis


def _deployments(
    broker: Broker, recorder: Recorder, exhibits: Sequence[Exhibit], incident: Incident
) -> list[Exhibit]:
    """Return the records of the contracts that the alerted transactions' senders made or called,
    and of those with the same code."""
    parties: set[str] = set()
    for alert in open_dossier(exhibits).alerts:
        try:
            envelope = recorder.ask("eth_getTransactionByHash", alert.tx)
        except NotGivenError:
            continue
        if isinstance(envelope, dict):
            parties |= {address(envelope.get("from")), address(envelope.get("to"))} - {""}
    codes: set[str] = set()

    def involved(made: Deployment) -> bool:
        if made.creator in parties or made.address in parties:
            codes.add(made.code_hash)
            return True
        return False

    found = gather_deployments(broker, incident.chain, involved)
    known = {(message.partition, message.offset) for message in found}
    twins = gather_deployments(broker, incident.chain, lambda made: made.code_hash in codes)
    found += [one for one in twins if (one.partition, one.offset) not in known]
    return [Exhibit(one) for one in found]


def _manifest_file(folder: Path, protocol: str) -> Path:
    for path in sorted(folder.glob("*.toml")):
        if load_manifest(path).protocol == protocol:
            return path
    raise ConfigurationError(f"{folder}: no manifest of {protocol}; set FIREBREAK_PROTOCOLS")


def _custody(
    order: Order,
    sources: Sources,
    recorder: Recorder,
    incident: Incident,
    analysis: Analysis,
    began: int,
) -> Custody:
    missing = dict.fromkeys(
        f"{entry.method}: {entry.outcome}: {entry.why}"[:500]
        for entry in recorder.entries.values()
        if entry.outcome != "given"
    )
    try:
        node = str(recorder.ask("web3_clientVersion"))[:200]
    except NotGivenError:
        node = ""
    return Custody(
        incident=incident.id,
        chain=incident.chain,
        protocol=incident.protocol,
        who=order.who,
        why=order.why,
        began=custody.moment(began),
        ended=custody.moment(sources.clock.now_ns()),
        machine=custody.machine(),
        tools=custody.tools(),
        node=node,
        last_block=analysis.last,
        hop_limit=order.reach.limits.hops,
        account_limit=order.reach.limits.accounts,
        lookback=order.reach.lookback,
        follow=order.reach.follow,
        missing=tuple(missing)[:200],
    )
