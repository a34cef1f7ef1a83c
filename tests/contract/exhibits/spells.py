"""What voters lift: contracts of ours with the interfaces of Sky's spells, plans and Protego."""

from typing import Any

from sandbox.evm import Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

ILK = b"ETH-A".ljust(32, b"\0")
LINE = 1000
PLAN: tuple[Any, ...] = ("0x" + "d4" * 20, b"\x05" * 32, b"\x01\x02\x03", 2_000_000_000)


def wiped(stage: Stage) -> tuple[Contract, Contract, Contract]:
    """A hat, a debt ceiling that it may wipe, and a spell that would, not lifted yet."""
    hat = stage.deployer.create("Hat")
    ceiling = stage.deployer.create("DebtCeiling", hat.address)
    spell = stage.deployer.create("LineWipeSpell", ceiling.address, ILK)
    stage.deployer.settle()
    stage.do(stage.people, ceiling.call("file", ILK, LINE))
    return hat, ceiling, spell


def spell_brake(spell: Contract) -> Brake:
    """The brake that casts a spell."""
    stops = {"does": "spell", "also_stops": ["borrowing"]}
    brake = {"name": "wipe", "adapter": "sky", "target": spell.address, "parameters": stops}
    return Brake.model_validate(brake)


def spell(stage: Stage, holder: str) -> Exhibit:
    hat, ceiling, spell = wiped(stage)
    stage.do(stage.people, hat.call("lift", spell.address))
    return Exhibit(
        brake=spell_brake(spell),
        stopped=(ceiling.call("draw", ILK, LINE),),
        going=(ceiling.call("repay"),),
        release=(ceiling.call("file", ILK, LINE),),
        anyone=True,
    )


def drop_brake(dropper: Contract) -> Brake:
    """The brake that drops the plan."""
    usr, tag, fax, eta = PLAN
    plan = {"usr": usr, "tag": "0x" + tag.hex(), "fax": "0x" + fax.hex(), "eta": eta}
    brake = {"name": "drop", "adapter": "sky", "target": dropper.address}
    return Brake.model_validate(brake | {"parameters": {"does": "drop"} | plan})


def protego(stage: Stage, holder: str) -> Exhibit:
    hat = stage.deployer.create("Hat")
    plans = stage.deployer.create("WaitingPlans", hat.address)
    dropper = stage.deployer.create("PlanDropper", plans.address)
    stage.deployer.settle()
    stage.do(stage.people, hat.call("lift", dropper.address), plans.call("plot", *PLAN))
    return Exhibit(
        brake=drop_brake(dropper),
        stopped=(plans.call("exec", *PLAN),),
        release=(plans.call("plot", *PLAN),),
        anyone=True,
    )
