"""One protocol, one brake, one attack: what the tests of the responder are about."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from responders.decision import Surroundings, gathered
from responders.guard import GuardState
from responders.inputs import Inputs
from schemas.alerts import Alert, Vote, Withdrawal
from schemas.ids import content_id
from schemas.manifest import Brake, Contract, Halt, Limits, Manifest

CHAIN = "eip155:31337"
POOL = "0x" + "aa" * 20
GATE = "0x" + "bb" * 20
START = 1_700_000_000


KINDS = {"asset-outflow": ("amounts",), "price-move": ("prices", "volatility")}


def vote(detector: str, *, alerted: bool = True, **changes: Any) -> Vote:
    made = Vote(
        detector=detector,
        version="1.0.0",
        score=6.0,
        p_value=1e-6 if alerted else 0.5,
        tail="empirical",
        learned=1000,
        alerted=alerted,
        made_from=KINDS.get(detector, ()),
    )
    return msgspec.structs.replace(made, **changes)


AMOUNTS, CALLS = vote("asset-outflow"), vote("nesting", made_from=("calls",))
"""Votes of detectors made from different things."""


def alert(number: int = 1, **changes: Any) -> Alert:
    """The alert on the transaction `number`, in block 100 + `number`, two detectors agreeing."""
    made = Alert(
        id=content_id("alert", number),
        chain=CHAIN,
        protocol="meadow",
        set="core",
        phase="head",
        block=100 + number,
        block_hash="0x" + f"{number:064x}",
        timestamp=START + 12 * number,
        index=0,
        tx="0x" + f"{number:064x}",
        score=6.0,
        p_value=1e-6,
        budget=0.0025,
        severity="critical",
        summary="2.1M USD left the pool within one transaction",
        votes=(vote("asset-outflow"), vote("price-move")),
    )
    return msgspec.structs.replace(made, **changes)


def withdrawal(of: Alert) -> Withdrawal:
    return Withdrawal(
        id=content_id("withdrawal", of.id),
        alert=of.id,
        chain=of.chain,
        protocol=of.protocol,
        set=of.set,
        block=of.block,
        block_hash=of.block_hash,
        tx=of.tx,
        reason="its block left the chain",
    )


def costs(**changes: Any) -> Halt:
    values: dict[str, Any] = {
        "prior": 0.01,
        "false_halt_cost": Decimal(50_000),
        "value_exposed": Decimal(5_000_000),
        "loss_per_second": Decimal(10_000),
    }
    return Halt(**values | changes)


def brake(**changes: Any) -> Brake:
    values = {"name": "pause-pool", "adapter": "gate", "target": POOL, "gate": GATE}
    return Brake(**values | changes)


def inputs(**changes: Any) -> Inputs:
    """The question that the alert above asks about the brake above."""
    given = gathered(alert(), brake(), manifest(), Surroundings(guard=GuardState(), head=101))
    return replace(given, **changes)


def manifest(*brakes: Brake, limits: Limits | None = None, halt: Halt | None = None) -> Manifest:
    watched = dict.fromkeys((POOL, *(address for one in brakes for address in one.guards)))
    return Manifest(
        protocol="meadow",
        chain=CHAIN,
        contracts=tuple(Contract(address=address, role="pool") for address in watched),
        halt=halt or costs(),
        limits=limits or Limits(),
        brakes=brakes or (brake(),),
    )
