"""What narrows what a vault may do: a contract of ours with the interface of Morpho's Vault V2, and
our own bucket."""

from typing import Any

from sandbox.evm import ETHER, Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

ID, ADAPTER = b"this market", "0x" + "e5" * 20
CAP, SHARE, ALLOCATED = 1_000, 10**18, 500
CHANGE = b"\x0a\x0b\x0c\x0d" + b"\0" * 32
SENTINEL, ON = True, True
NATIVE = "0x" + "00" * 20
HOUR = 3600
WIDE = 5 * ETHER, 5 * ETHER // HOUR
TIGHT = {"asset": "native", "capacity": ETHER // 10, "rate": 0, "seconds": HOUR}
TERMS = NATIVE, 0, 1, 1, 1, HOUR, 0, False


def sentinel_vault(stage: Stage, holder: str) -> Contract:
    """A vault with caps, something allocated and a change that waits."""
    vault = stage.deployer.create("SentinelVault")
    stage.deployer.settle()
    stage.do(
        stage.people,
        vault.call("setIsSentinel", holder, SENTINEL),
        vault.call("increaseAbsoluteCap", ID, CAP),
        vault.call("increaseRelativeCap", ID, SHARE),
        vault.call("submit", CHANGE),
    )
    stage.do(stage.people, vault.call("allocate", ADAPTER, ID, ALLOCATED))
    return vault


def morpho_brake(vault: Contract, does: str, **parameters: Any) -> Brake:
    """A sentinel's brake."""
    brake = {"name": "narrow", "adapter": "morpho-v2", "target": vault.address, "scope": "T1"}
    return Brake.model_validate(brake | {"parameters": {"does": does} | parameters})


def absolute_cap(stage: Stage, holder: str) -> Exhibit:
    vault = sentinel_vault(stage, holder)
    return Exhibit(
        brake=morpho_brake(vault, "cap", id_data="0x" + ID.hex(), absolute=ALLOCATED),
        stopped=(vault.call("allocate", ADAPTER, ID, 1),),
        going=(vault.call("withdraw"),),
        release=(vault.call("increaseAbsoluteCap", ID, CAP),),
    )


def relative_cap(stage: Stage, holder: str) -> Exhibit:
    vault = sentinel_vault(stage, holder)
    return Exhibit(
        brake=morpho_brake(vault, "cap", id_data="0x" + ID.hex(), relative=0),
        stopped=(vault.call("allocate", ADAPTER, ID, 1),),
        going=(vault.call("withdraw"),),
        release=(vault.call("increaseRelativeCap", ID, SHARE),),
    )


def revoke(stage: Stage, holder: str) -> Exhibit:
    vault = sentinel_vault(stage, holder)
    return Exhibit(
        brake=morpho_brake(vault, "revoke", data="0x" + CHANGE.hex()),
        stopped=(vault.call("accept", CHANGE),),
        going=(vault.call("withdraw"),),
        release=(vault.call("submit", CHANGE),),
    )


def deallocate(stage: Stage, holder: str) -> Exhibit:
    vault, data = sentinel_vault(stage, holder), "0x" + ID.hex()
    given = {"adapter": ADAPTER, "data": data, "id_data": data, "assets": ALLOCATED}
    return Exhibit(
        brake=morpho_brake(vault, "deallocate", **given),
        stopped=(vault.call("lose", ID, ALLOCATED),),
        going=(vault.call("withdraw"),),
        release=(vault.call("allocate", ADAPTER, ID, ALLOCATED),),
    )


def outflow(stage: Stage, holder: str) -> Exhibit:
    bucket = stage.deployer.create("OutflowBucket", stage.people.address)
    vault = stage.deployer.create("BoundedVault", bucket.address)
    stage.deployer.settle()
    stage.do(
        stage.people,
        bucket.call("list", NATIVE, TERMS, *WIDE),
        bucket.call("enrol", vault.address, NATIVE, ON),
        bucket.call("setMayTighten", holder, ON),
    )
    stage.do(stage.user, vault.call("deposit", value=5 * ETHER))
    brake = {"name": "tighten", "adapter": "outflow", "target": bucket.address, "scope": "T1"}
    return Exhibit(
        brake=Brake.model_validate(brake | {"parameters": TIGHT}),
        stopped=(vault.call("withdraw", ETHER),),
        going=(
            vault.call("withdraw", ETHER // 10),
            vault.call("deposit", value=ETHER),
        ),
        release=(bucket.call("setLimits", NATIVE, *WIDE),),
        released_after=HOUR,
    )
