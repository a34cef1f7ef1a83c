"""What lies around the cases: neighbours' warnings, risk, contracts, trails of funds. Pure.

Folded record by record, as `console.picture` is, and bounded: of large records that alone is kept
which a page can show.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from console.bounded import Bounded
from schemas.alerts import SEVERITIES
from schemas.assurance import Assessment, Covered, Examined, Finding
from schemas.base import Record
from schemas.fundflow import FundFlow
from schemas.risk import Risk
from schemas.signals import Signal, Verdict

MOST_SIGNALS = 1_000
MOST_PROTOCOLS = 500
MOST_FINDINGS = 2_000
MOST_TRAILS = 200
"""Records of each kind."""

MOST_EDGES = 60
"""Of one trail: the first of them, where the money is followed from its victim."""

MOST_GAPS = 100
"""Of one protocol: functions by which assets can leave and that no brake stops; and others."""

MOST_SHOWN_FINDINGS = 100
MOST_CONTRACTS = 200


@dataclass(frozen=True, slots=True)
class Warned:
    """A neighbour's signal, the newest of its matter, and what our people found of it."""

    signal: Signal
    finding: str = ""
    """`confirmed`, `refuted`, or '' while nobody has said."""

    @property
    def taken_back(self) -> bool:
        """Whether its issuer does not stand for it any more."""
        return self.signal.confidence == 0


@dataclass(frozen=True, slots=True)
class Way:
    """A function that moves assets, and what brakes do about it or do not."""

    contract: Examined
    covered: Covered


@dataclass(frozen=True, slots=True)
class Assessed:
    """How a protocol's contracts stand, as far as a page shows it."""

    assessment: Assessment
    """With the gravest of its findings and the first of its contracts, their functions left out."""
    outward: int
    """Functions by which assets can leave."""
    braked: int
    """Of those, the ones that a brake stops, or that strangers cannot call."""
    gaps: tuple[Way, ...]
    more_gaps: int
    others: tuple[Way, ...]
    """Functions that move assets and are no gap: ways out that are covered, and ways in."""
    more_others: int
    findings: int
    contracts: int
    unseen: int
    """Contracts of which something could not be looked at."""


class Surroundings:
    """All of it."""

    def __init__(self) -> None:
        self.signals: Bounded[tuple[str, str], Warned] = Bounded(MOST_SIGNALS)
        """By issuer, and the issuer's name for what it warns of."""
        self.risks: Bounded[str, Risk] = Bounded(MOST_PROTOCOLS)
        """Those that a trusted key signed."""
        self.unproved: Bounded[str, Risk] = Bounded(MOST_PROTOCOLS)
        """Those that none did, or of which nobody knows: kept apart, so that they displace none."""
        self.assessed: Bounded[str, Assessed] = Bounded(MOST_PROTOCOLS)
        self.findings: Bounded[str, Finding] = Bounded(MOST_FINDINGS)
        self.trails: Bounded[str, FundFlow] = Bounded(MOST_TRAILS)
        """By incident."""

    def take(self, record: Record, *, signed: bool = False) -> frozenset[str]:  # noqa: PLR0911 - one line for each kind
        """Fold a record in; return which regions of the pages it changes."""
        match record:
            case Signal():
                return self._signal(record)
            case Verdict():
                return self._verdict(record)
            case Risk():
                return self._risk(record, self.risks if signed else self.unproved)
            case Assessment():
                return self._assessment(record)
            case Finding():
                self.findings.put(record.id, record)
                return frozenset({"contracts"})
            case FundFlow():
                self.trails.put(record.incident, _shortened(record))
                return frozenset({f"trail:{record.incident}"})
            case _:
                return frozenset()

    def _risk(self, risk: Risk, among: Bounded[str, Risk]) -> frozenset[str]:
        before = among.get(risk.protocol)
        if before is None or before.at <= risk.at:
            among.put(risk.protocol, risk)
        return frozenset({"risk"})

    def _assessment(self, assessment: Assessment) -> frozenset[str]:
        before = self.assessed.get(assessment.protocol)
        if before is None or before.assessment.block <= assessment.block:
            self.assessed.put(assessment.protocol, assessed(assessment))
        return frozenset({"contracts"})

    def _signal(self, signal: Signal) -> frozenset[str]:
        before = self.signals.get((signal.issuer, signal.id))
        if before is None:
            self.signals.put((signal.issuer, signal.id), Warned(signal))
        elif before.signal.seq < signal.seq:
            self.signals.put((signal.issuer, signal.id), Warned(signal, before.finding))
        return frozenset({"signals"})

    def _verdict(self, verdict: Verdict) -> frozenset[str]:
        before = self.signals.get((verdict.issuer, verdict.signal))
        if before is not None:
            self.signals[verdict.issuer, verdict.signal] = Warned(before.signal, verdict.finding)
        return frozenset({"signals"})


def assessed(assessment: Assessment) -> Assessed:
    """Return what a page shows of an assessment."""
    outward, gaps, others = 0, list[Way](), list[Way]()
    for contract in assessment.contracts:
        for covered in contract.functions:
            outward += covered.direction == "out"
            held = covered.direction == "in" or covered.stance in ("braked", "restricted")
            (others if held else gaps).append(Way(contract, covered))
    findings = sorted(
        assessment.findings, key=lambda one: (-SEVERITIES.index(one.severity), one.contract or "")
    )
    return Assessed(
        assessment=replace(
            assessment,
            contracts=tuple(map(_outlined, assessment.contracts[:MOST_CONTRACTS])),
            findings=tuple(findings[:MOST_SHOWN_FINDINGS]),
        ),
        outward=outward,
        braked=outward - len(gaps),
        gaps=tuple(Way(_outlined(one.contract), one.covered) for one in gaps[:MOST_GAPS]),
        more_gaps=max(0, len(gaps) - MOST_GAPS),
        others=tuple(Way(_outlined(one.contract), one.covered) for one in others[:MOST_GAPS]),
        more_others=max(0, len(others) - MOST_GAPS),
        findings=len(findings),
        contracts=len(assessment.contracts),
        unseen=sum(bool(one.unseen) for one in assessment.contracts),
    )


def _outlined(contract: Examined) -> Examined:
    return replace(contract, functions=(), unseen=contract.unseen[:5])


def _shortened(trail: FundFlow) -> FundFlow:
    """Keep what can be drawn: of too many edges the first, and the accounts that they touch."""
    edges = trail.edges[:MOST_EDGES]
    touched = {address for edge in edges for address in (edge.source, edge.target)}
    return replace(
        trail,
        edges=edges,
        nodes=tuple(node for node in trail.nodes if node.address in touched),
        tokens=trail.tokens[:MOST_EDGES],
        gaps=(*trail.gaps, *_left_out(len(trail.edges) - len(edges)))[:64],
    )


def _left_out(number: int) -> tuple[str, ...]:
    return (f"{number:,} later movements are left out here",) if number > 0 else ()
