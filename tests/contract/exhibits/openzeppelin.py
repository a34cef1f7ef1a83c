"""What OpenZeppelin's package has compiled, and a contract of ours behind its RateLimiter."""

from schemas.manifest import Brake
from tests.contract.stage import Exhibit, Stage

_SOURCE = "@openzeppelin/contracts", "build/contracts"
NOBODY = "0x" + "00" * 20
OFF = False
ADMIN_ROLE, PUBLIC_ROLE = 0, 2**64 - 1
SALT = bytes(32)


def access_manager(stage: Stage, holder: str) -> Exhibit:
    """A manager, and a contract of ours under it; anybody may call, as long as the manager lets."""
    manager = stage.deployer.create_packaged(_SOURCE, "AccessManager", stage.people.address)
    stage.deployer.settle()
    managed = stage.deployer.create("ManagedCounter", manager.address)
    stage.deployer.settle()
    increase, unmanaged = managed.call("increase"), managed.call("increaseUnmanaged")
    stage.do(
        stage.people,
        manager.call("grantRole", ADMIN_ROLE, holder, 0),
        manager.call("setTargetFunctionRole", managed.address, [increase.data[:4]], PUBLIC_ROLE),
    )
    return Exhibit(
        brake=Brake(
            name="close",
            adapter="access-manager",
            target=manager.address,
            parameters={"closes": managed.address},
        ),
        stopped=(increase,),
        going=(unmanaged,),
        release=(manager.call("setTargetClosed", managed.address, OFF),),
    )


def timelock(stage: Stage, holder: str) -> Exhibit:
    """A timelock with one operation queued, and ready."""
    people = stage.people.address
    lock = stage.deployer.create_packaged(
        _SOURCE, "TimelockController", 0, [people], [NOBODY], people
    )
    stage.deployer.settle()
    operation = (people, 0, b"", SALT, SALT)
    canceller = stage.hands.read(lock, "CANCELLER_ROLE")[0]
    queue = lock.call("schedule", *operation, 0)
    stage.do(stage.people, lock.call("grantRole", canceller, holder), queue)
    name: bytes = stage.hands.read(lock, "hashOperation", *operation)[0]
    return Exhibit(
        brake=Brake(
            name="cancel",
            adapter="timelock",
            target=lock.address,
            parameters={"operation": "0x" + name.hex()},
        ),
        stopped=(lock.call("execute", *operation),),
        release=(queue,),
    )


def rate_limiter(stage: Stage, holder: str) -> Exhibit:
    """A vault that lets 1,000 an hour out, lowered to 10."""
    vault = stage.deployer.create("LimitedVault", holder, 3600, 1000)
    stage.deployer.settle()
    much, little = (vault.call("withdraw", amount) for amount in (500, 5))
    return Exhibit(
        brake=Brake(
            name="throttle",
            adapter="generic",
            target=vault.address,
            scope="T1",
            parameters={
                "call": {"function": "setLimit(uint48,uint208)", "arguments": [3600, 10]},
                "probe": {"function": "capacity()", "at_most": 10},
            },
        ),
        stopped=(much,),
        going=(little,),
        release=(vault.call("setLimit", 3600, 1000),),
    )
