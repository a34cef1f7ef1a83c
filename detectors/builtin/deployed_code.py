"""A contract that looks made for an attack, seen when it is created and before it is called.

Unlike the other detectors it looks at a contract, not at a transaction, and has no baseline per
protocol: the model of what code looks like (`detectors.bytecode.model`) is shipped and the same for
all. Most attacks of the last years deployed their contract in a transaction of its own, minutes
before they used it (LookAhead, 2024); those that deploy and strike at once give no warning here.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from detectors.api import Spec
from detectors.bytecode.judgement import Judgement
from schemas import links
from schemas.alerts import Alert, Evidence, Reason, Severity, Vote
from schemas.chain import Deployment
from schemas.ids import content_id

NAME = "deployed-code"

SPEC = Spec(
    name=NAME,
    version="1.2.0",
    summary="What a new contract's code offers, calls and names, before anybody calls it.",
    technique="ADT3012",
    made_from=("code",),
    warm_up=0,
    false_positives=(
        "bots for arbitrage and liquidation",
        "adapters that take flash loans and routers that call whatever they are told to",
        "tools that create or call contracts for others and keep nothing",
    ),
    blind_spots=(
        "code that is deployed and used in one transaction",
        "an attack through plain calls, without a contract",
        "proxies and forwarders whose code is elsewhere; whatever has less than 100 bytes",
        "tokens made to be traded for real ones that are written like any other token",
        "code that is padded with what ordinary contracts do",
    ),
)

NAMED_TIMES = 20.0
"""Of the budget, for code that names a watched contract: few contracts do, so that many more of
them may be shown at the same number of alerts."""

FRESH = 3
"""Transactions sent before, below which an account is fresh."""

_SEVERITIES: tuple[tuple[float, Severity], ...] = ((1e-3, "high"), (1e-1, "medium"))


@dataclass(frozen=True, slots=True)
class Rules:
    """Whose alert it becomes."""

    set_name: str
    protocol: str
    """The watched protocol; for what names none, the chain's own key (`chain_key`)."""
    watched: Mapping[str, str]
    """The protocol's contracts: address -> name."""
    budget: float
    """The share of new contracts that may alert."""
    explorer: str = ""
    """The address of the chain's explorer, '' where no manifest names one."""


def chain_key(chain: str) -> str:
    """Return the key under which alerts are raised that concern a chain and no protocol."""
    return chain.replace(":", "-")


def vet(deployment: Deployment, rules: Rules, found: Judgement) -> Alert | None:
    """Return the alert that a new contract, judged so, amounts to; None for one like most
    others."""
    named = found.named(rules.watched)
    budget = min(0.5, rules.budget * (NAMED_TIMES if named else 1.0))
    if found.p_value > budget:
        return None
    reasons = tuple(_reasons(deployment, rules, found, named))
    return Alert(
        id=content_id("alert", NAME, deployment.chain, rules.protocol, *_place(deployment)),
        chain=deployment.chain,
        protocol=rules.protocol,
        set=rules.set_name,
        phase="head",
        block=deployment.block,
        block_hash=deployment.block_hash,
        timestamp=deployment.timestamp,
        index=deployment.index,
        tx=deployment.tx,
        score=max(0.0, -math.log10(found.p_value)),
        p_value=found.p_value,
        budget=budget,
        severity=_severity(found.p_value / budget, named=bool(named)),
        summary=_summary(deployment, found, reasons),
        votes=(_vote(found, budget, reasons, deployment),),
        subject="deployment",
        contract=deployment.address,
        posture=deployment.posture,
        reference=links.reference(deployment.chain, deployment.tx),
        link=links.page(rules.explorer, deployment.tx),
    )


def _place(deployment: Deployment) -> tuple[str, str, str]:
    """Return what names a creation, whoever looks at it and on whichever topic."""
    return deployment.block_hash, deployment.tx, deployment.address


def _severity(ratio: float, *, named: bool) -> Severity:
    """Never critical: nothing has happened yet. Low unless it is about somebody."""
    if not named:
        return "low"
    return next((name for bound, name in _SEVERITIES if ratio <= bound), "low")


def _reasons(
    deployment: Deployment, rules: Rules, found: Judgement, named: list[str]
) -> Iterator[Reason]:
    if named:
        names = ", ".join(rules.watched[address] or f"{address[:6]}…" for address in named[:4])
        yield _fact("names_watched", float(len(named)), f"it names {names}")
    yield from found.reasons()
    if deployment.creator_nonce is not None and deployment.creator_nonce < FRESH:
        sent = deployment.creator_nonce
        yield _fact("creator_nonce", float(sent), f"its creator had sent {sent} transactions")
    posture = deployment.posture
    if posture is not None and posture.mixer_fundings:
        yield _fact(
            "mixer_fundings", float(posture.mixer_fundings), "its creator was funded by a mixer"
        )
    if posture is not None and posture.probes:
        text = f"its creator probed watched contracts {posture.probes} times"
        yield _fact("probes", float(posture.probes), text)


def _fact(feature: str, observed: float, text: str) -> Reason:
    return Reason(
        feature=feature, observed=observed, expected=0.0, distance=0.0, unit="", text=text[:500]
    )


def _summary(deployment: Deployment, found: Judgement, reasons: tuple[Reason, ...]) -> str:
    once = round(1.0 / found.p_value)
    text = (
        f"new contract {deployment.address} looks made for an attack, as one in {once:,} others do"
    )
    told = "; ".join(reason.text for reason in reasons[:4])
    return f"{text}: {told}. Read it, and watch for its first call."[:500]


def _vote(
    found: Judgement, budget: float, reasons: tuple[Reason, ...], deployment: Deployment
) -> Vote:
    return Vote(
        detector=NAME,
        version=SPEC.version,
        score=max(0.0, found.score),
        p_value=found.p_value,
        tail="prior",
        learned=0,
        alerted=found.p_value <= budget,
        technique=SPEC.technique,
        reasons=reasons[:32],
        evidence=(Evidence(what=f"code {deployment.code_hash} at {deployment.address}"),),
        made_from=SPEC.made_from,
    )
