"""Contracts of ours that are as simple as what many protocols have."""

from sandbox.evm import ETHER
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage


def vault(stage: Stage, holder: str, adapter: str, **changes: object) -> Exhibit:
    """A vault on OpenZeppelin's Pausable and AccessControl."""
    vault = stage.deployer.create("Vault", 10 * ETHER, stage.people.address)
    stage.deployer.settle()
    roles = [stage.hands.read(vault, name)[0] for name in ("PAUSER_ROLE", "UNPAUSER_ROLE")]
    stage.do(
        stage.people,
        vault.call("grantRole", roles[0], holder),
        vault.call("grantRole", roles[1], stage.people.address),
    )
    stage.do(stage.user, vault.call("deposit", value=2 * ETHER))
    return Exhibit(
        brake=Brake.model_validate(
            {"name": "pause-vault", "adapter": adapter, "target": vault.address} | changes
        ),
        stopped=(vault.call("deposit", value=ETHER), vault.call("withdraw", ETHER)),
        release=(vault.call("unpause"),),
    )


def pausable(stage: Stage, holder: str) -> Exhibit:
    return vault(stage, holder, "pausable")


def gate(stage: Stage, holder: str) -> Exhibit:
    return vault(stage, holder, "gate", gate=holder)


def generic(stage: Stage, holder: str) -> Exhibit:
    spelled = {"call": {"function": "pause()"}, "probe": {"function": "paused()"}}
    return vault(stage, holder, "generic", parameters=spelled)
