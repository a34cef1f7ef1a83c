"""What is known of each protocol, from alerts, cases and blocks; and its figures as of a block.
Pure: what is held is handed in.

Evidence and cases come from topics that may come again after a restart, so each is kept by its id
and a second time changes nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runtime.neighbourhood import Neighbourhood
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Block
from schemas.incidents import Incident
from schemas.manifest import Manifest
from schemas.risk import Evidence, Holding, Inputs, Risk, Source, Standing
from schemas.underwriting import Underwriting
from underwriting.assessment import Assessment, assess
from underwriting.likelihood import WINDOW
from underwriting.model import Model
from underwriting.rounds import Rhythm, due, name_of

MOST_EVIDENCE = 64
"""Signs kept per protocol: the smallest p-values, since only the heaviest counts."""

SETTLED = 300
"""Seconds. What is held now may be short already of what an attack took whose alert is on its way,
so what was held while it was calm is a reading at least so old."""

MOST_CASES = 64
"""Open cases kept per protocol, the newest ones."""

_MOVED = {"included", "final", "satisfied"}
"""States of a measure that is on chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What figures are about, and when they are told."""

    horizon: int
    capital_cost: float
    level: float
    rhythm: Rhythm


@dataclass(slots=True)
class _File:
    """What is known of one protocol."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    cases: dict[str, tuple[Incident, Source]] = field(default_factory=dict)
    last: Risk | None = None
    before: float | None = None
    """What was held when it was last calm for sure."""
    recent: tuple[int, float] | None = None
    """The newest reading that may become that, and its time."""


class Desk:
    """Keeps a file for every protocol of the manifests; knows no other."""

    def __init__(self, manifests: Mapping[str, Manifest], model: Model, terms: Terms) -> None:
        self._manifests = manifests
        self._model = model
        self._terms = terms
        self._files = {protocol: _File() for protocol in manifests}
        self.heads: dict[str, Block] = {}
        """The newest block by chain."""
        self.neighbourhood = Neighbourhood(manifests.values())
        """What neighbours warn of."""

    def take_block(self, block: Block) -> None:
        """Move a chain's time; after a reorg the new branch's blocks are the newest."""
        self.heads[block.chain] = block

    def take_alert(self, alert: Alert, source: Source) -> None:
        """Keep an alert on a transaction or a contract as a sign."""
        file = self._file(alert)
        if file is None:
            return
        odds = alert.posture.odds if alert.posture is not None else 1.0
        file.evidence[alert.id] = Evidence(
            source=source,
            kind="alert",
            at=alert.timestamp,
            p_value=alert.p_value,
            posture_odds=odds,
        )
        if len(file.evidence) > MOST_EVIDENCE:
            weakest = max(file.evidence.items(), key=lambda item: (item[1].p_value, -item[1].at))
            del file.evidence[weakest[0]]

    def take_back(self, withdrawal: Withdrawal) -> None:
        """Forget an alert that no longer holds."""
        file = self._file(withdrawal)
        if file is not None:
            file.evidence.pop(withdrawal.alert, None)

    def take_case(self, case: Incident, source: Source) -> None:
        """Keep the newest state of an open case; forget a closed one, and one without an alert that
        still holds."""
        file = self._file(case)
        if file is None:
            return
        if case.phase == "closed" or all(one.withdrawn for one in case.sightings):
            file.cases.pop(case.id, None)
            return
        file.cases[case.id] = case, source
        if len(file.cases) > MOST_CASES:
            oldest = min(file.cases.values(), key=lambda one: (one[0].latest, one[0].id))
            del file.cases[oldest[0].id]

    def remember(self, risk: Risk) -> None:
        """Go on from a record that was published before."""
        file = self._file(risk)
        if file is not None and (file.last is None or file.last.at < risk.at):
            file.last, file.before = risk, risk.inputs.before

    def looks(self) -> Iterable[tuple[Manifest, Block]]:
        """Return the protocols whose chain has a newer block than their last record."""
        for protocol, manifest in self._manifests.items():
            head, last = self.heads.get(manifest.chain), self._files[protocol].last
            if head is not None and (last is None or head.timestamp > last.at):
                yield manifest, head

    def look(self, manifest: Manifest, head: Block, holding: Holding) -> tuple[Risk | None, str]:
        """Return the record that is due as of a block, and why; None where none is. What is held
        is in US dollars."""
        file = self._files[manifest.protocol]
        inputs = self._inputs(file, manifest, head, holding)
        found = assess(inputs, head.timestamp, self._model)
        why = due(file.last, found, head.timestamp, inputs.standing, self._terms.rhythm)
        if not why:
            return None, ""
        file.last = self._record(manifest, head, inputs, found)
        return file.last, why

    def _inputs(self, file: _File, manifest: Manifest, head: Block, holding: Holding) -> Inputs:
        now, own = head.timestamp, manifest.underwriting
        file.evidence = {name: one for name, one in file.evidence.items() if now - one.at <= WINDOW}
        signs = sorted(file.evidence.values(), key=lambda one: (one.p_value, one.source.record))
        standing, case = _standing(file)
        return Inputs(
            horizon=self._terms.horizon,
            transactions_per_day=own.transactions_per_day,
            held=holding,
            before=_before(file, standing, now, holding.value),
            allowable=float(sum(asset.allowable for asset in manifest.assets) * own.dollars),
            cover=_cover(own, holding),
            capital_cost=self._terms.capital_cost,
            level=self._terms.level,
            standing=standing,
            case=case,
            evidence=tuple(signs),
            heard=self.neighbourhood.heard(manifest.protocol, now),
        )

    def _record(self, manifest: Manifest, head: Block, inputs: Inputs, found: Assessment) -> Risk:
        return Risk(
            id=name_of(manifest.chain, manifest.protocol, head.hash),
            chain=manifest.chain,
            protocol=manifest.protocol,
            at=head.timestamp,
            block=head.number,
            block_hash=head.hash,
            model=self._model.name,
            inputs=inputs,
            figures=found.figures,
            reasons=found.reasons,
        )

    def _file(self, record: Alert | Withdrawal | Incident | Risk) -> _File | None:
        manifest = self._manifests.get(record.protocol)
        known = manifest is not None and manifest.chain == record.chain
        return self._files[record.protocol] if known else None


def _before(file: _File, standing: Standing, now: int, held: float) -> float:
    """Move on to what was held a while ago, if it is calm; return what was held when it was."""
    if file.before is None:
        file.before = held
    if standing == "calm" and (file.recent is None or now - file.recent[0] >= SETTLED):
        if file.recent is not None:
            file.before = file.recent[1]
        file.recent = now, held
    return file.before


def _cover(own: Underwriting, holding: Holding) -> float:
    return min(
        holding.value, holding.value if own.cover is None else float(own.cover * own.dollars)
    )


def _standing(file: _File) -> tuple[Standing, Source | None]:
    """Return how a protocol stands, by the case that is furthest from calm."""
    found: list[tuple[int, Standing, Source]] = []
    for case, source in file.cases.values():
        if case.phase == "recover":
            found.append((2, "recovering", source))
        elif any(measure.state in _MOVED for measure in case.measures):
            found.append((3, "braked", source))
        else:
            found.append((1, "alerted", source))
    if found:
        _, standing, source = max(found, key=lambda one: (one[0], one[2].record))
        return standing, source
    return ("alerted" if file.evidence else "calm"), None
