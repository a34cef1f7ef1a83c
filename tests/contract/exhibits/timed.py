"""Pauses that end by themselves: contracts of ours with the interfaces of Lido's, and our seat."""

from sandbox.evm import Contract
from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

PAUSE_SECONDS = 21 * 86_400
INTERVAL = 30 * 86_400
KEEPER = "0x" + "c3" * 20


def breaker(stage: Stage, holder: str, keeper: str = KEEPER) -> tuple[Contract, Contract, Contract]:
    """A contract, its breaker, and a seat that the breaker knows."""
    pausable = stage.deployer.create("TimedPausable")
    breaker = stage.deployer.create("HeartbeatBreaker", PAUSE_SECONDS, INTERVAL)
    seat = stage.deployer.create("PauserSeat", breaker.address, holder, keeper)
    stage.deployer.settle()
    stage.do(
        stage.people,
        pausable.call("setPauser", breaker.address),
        breaker.call("registerPauser", pausable.address, seat.address),
    )
    return pausable, breaker, seat


def breaker_brake(seat: Contract, pausable: Contract) -> Brake:
    """The brake that pauses a contract from a seat."""
    parameters = {
        "does": "pause",
        "pausable": pausable.address,
        "pause_seconds": PAUSE_SECONDS,
    }
    brake = {"name": "pause", "adapter": "lido", "target": seat.address}
    return Brake.model_validate(brake | {"parameters": parameters})


def circuit_breaker(stage: Stage, holder: str) -> Exhibit:
    pausable, _, seat = breaker(stage, holder)
    return Exhibit(
        brake=breaker_brake(seat, pausable),
        stopped=(pausable.call("act"),),
        release=(pausable.call("resume"),),
    )


def sealed(stage: Stage, holder: str, lasting: int = 365 * 86_400) -> tuple[Contract, ...]:
    """A seal and the two contracts that it may pause."""
    pausables = [stage.deployer.create("TimedPausable") for _ in range(2)]
    stage.deployer.settle()
    expiry = stage.hands.timestamp() + lasting
    seal = stage.deployer.create("OneTimeSeal", holder, PAUSE_SECONDS, expiry)
    stage.deployer.settle()
    stage.do(stage.people, *(one.call("setPauser", seal.address) for one in pausables))
    return seal, *pausables


def seal_brake(seal: Contract, *pausables: Contract) -> Brake:
    """The brake that uses a seal on some contracts."""
    parameters = {
        "does": "seal",
        "sealables": [one.address for one in pausables],
        "pause_seconds": PAUSE_SECONDS,
        "also_stops": ["withdrawal"],
    }
    brake = {"name": "seal", "adapter": "lido", "target": seal.address}
    return Brake.model_validate(brake | {"parameters": parameters})


def gate_seal(stage: Stage, holder: str) -> Exhibit:
    seal, *pausables = sealed(stage, holder)
    return Exhibit(
        brake=seal_brake(seal, *pausables),
        stopped=tuple(one.call("act") for one in pausables),
        release=tuple(one.call("resume") for one in pausables),
    )
