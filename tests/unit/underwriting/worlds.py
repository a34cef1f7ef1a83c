"""A protocol, its alerts and cases, and a model of round numbers."""

from decimal import Decimal
from typing import Any

import orjson

from schemas.alerts import Alert, Vote
from schemas.chain import Block, Posture
from schemas.incidents import Incident, Measure, Sighting
from schemas.loss import Asset, Loss
from schemas.manifest import Contract, Halt, Manifest, TokenInfo
from schemas.risk import Evidence, Holding, Inputs, Source
from schemas.underwriting import Underwriting
from underwriting.desk import Desk, Terms
from underwriting.model import Model
from underwriting.rounds import Rhythm

CHAIN, PROTOCOL = "eip155:31337", "meadow"
POOL, DOLLAR = "0x" + "a1" * 20, "0x" + "d0" * 20
ONE, MILLION = Decimal(1), Decimal(1_000_000)
START, DAY = 1_700_000_000, 86_400

LOSSES = {
    "mu": 13.0, "sigma": 2.0, "threshold": 1e7, "share": 0.1, "shape": 0.75, "scale": 1e7,
    "exceeding": 70,
}  # fmt: skip
PARAMETERS: dict[str, Any] = {
    "about": "round numbers",
    "rate": {
        "incidents": 600, "exposure": 12_000.0, "least_exposure": 6_000.0, "most_exposure": 24_000.0
    },
    "attacks": {"a": 0.1, "low": 0.05, "high": 0.2, "attacks": 6, "follow": 21_600.0},
    "losses": LOSSES,
    "resampled": [LOSSES | {"mu": 12.5 + place / 30} for place in range(30)],
}  # fmt: skip


def model(**changed: Any) -> Model:
    return Model(orjson.dumps(PARAMETERS | changed))


def source(number: int = 1, topic: str = "alerts-v1") -> Source:
    return Source(topic=topic, partition=0, offset=number, record=f"{number:064x}")


def sign(p_value: float = 1e-6, at: int = START, number: int = 1, odds: float = 1.0) -> Evidence:
    return Evidence(source=source(number), kind="alert", at=at, p_value=p_value, posture_odds=odds)


def inputs(**changed: Any) -> Inputs:
    told: dict[str, Any] = {
        "horizon": 30 * DAY,
        "transactions_per_day": 1000.0,
        "held": Holding(value=5e6, source="chain"),
        "before": 5e6,
        "allowable": 1e6,
        "cover": 1e6,
        "capital_cost": 0.06,
        "level": 0.99,
        "standing": "calm",
    }
    return Inputs(**told | changed)


def manifest(**changed: Any) -> Manifest:
    told: dict[str, Any] = {
        "protocol": PROTOCOL,
        "chain": CHAIN,
        "contracts": (Contract(address=POOL, role="pool"),),
        "tokens": (TokenInfo(address=DOLLAR, symbol="USD", decimals=6),),
        "halt": Halt(false_halt_cost=ONE, value_exposed=5_000_000 * ONE, loss_per_second=ONE),
        "loss": Loss(detect_seconds=1, decide_seconds=1, include_seconds=1),
        "assets": (Asset(token="USD", price=ONE, allowable=MILLION, loss_per_second=ONE),),
        "underwriting": Underwriting(cover=MILLION),
    }
    return Manifest(**told | changed)


def desk(*manifests: Manifest, deviation: float = 0.1, heartbeat: int = 3600) -> Desk:
    known = {one.protocol: one for one in manifests or (manifest(),)}
    rhythm = Rhythm(deviation, heartbeat)
    terms = Terms(horizon=30 * DAY, capital_cost=0.06, level=0.99, rhythm=rhythm)
    return Desk(known, model(), terms)


def block(number: int = 1, at: int = START) -> Block:
    return Block(
        id=f"{number:064x}",
        chain=CHAIN,
        number=number,
        hash=f"0x{number:064x}",
        parent=f"0x{number - 1:064x}",
        timestamp=at,
        transactions=1,
    )


def alert(number: int = 1, p_value: float = 1e-6, at: int = START, odds: float = 1.0) -> Alert:
    vote = Vote(
        detector="asset-outflow", version="1", score=6.0, p_value=p_value, tail="fitted",
        learned=1000, alerted=True,
    )  # fmt: skip
    return Alert(
        id=f"{number:064x}",
        chain=CHAIN,
        protocol=PROTOCOL,
        set="core",
        phase="head",
        block=1,
        block_hash=f"0x{1:064x}",
        timestamp=at,
        index=0,
        tx=f"0x{number:064x}",
        score=6.0,
        p_value=p_value,
        budget=2e-4,
        severity="high",
        summary="much leaves",
        votes=(vote,),
        posture=Posture(odds=odds) if odds > 1 else None,
    )


def case(phase: str = "detect", *states: str, withdrawn: bool = False) -> Incident:
    sighting = Sighting(
        alert=f"{1:064x}", set="core", tx="0x", block=1, score=6.0, severity="high",
        summary="much leaves", withdrawn=withdrawn,
    )  # fmt: skip
    measures = tuple(
        Measure(
            action=f"{place:064x}", state=state, adapter="gate", target=f"{CHAIN}:{POOL}", reason=""
        )
        for place, state in enumerate(states)
    )
    told: Any = phase
    return Incident(
        id="c" * 64, chain=CHAIN, protocol=PROTOCOL, phase=told, severity="high", summary="",
        opened=START, latest=START, sightings=(sighting,), measures=measures,
    )  # fmt: skip
