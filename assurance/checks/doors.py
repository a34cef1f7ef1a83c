"""Functions that a stranger should be refused: initialisers, and what only an owner may do. Shown
by calling them from a stranger, on the state as it is; nothing is changed.

A function counts as open only if the contract offers it, its call goes through, and a call of a
function that there is not does not.
"""

from collections.abc import Iterator

from assurance.chain import Trial
from assurance.selectors import CUT, OLD_CUT, selector, selectors, tries
from assurance.subject import STRANGER, Subject
from assurance.weakness import Weakness

NAMED = ("initialize", "initialise", "init", "setup", "setUp", "reinitialize")
"""What the names of initialisers begin with, where names are known."""

INITIALISERS = selectors("""
    initialize() initialize(address) initialize(address,address) initialize(bytes)
    initialize(address,address,address) initialize(address,uint256) initialize(uint256)
    initialize(string,string) initialize(string,string,uint8) initialize(address,bytes)
    initialize(string,string,address) initialize(address,string,string)
    initialize(address,address,uint256) initialize(address,address,bytes)
    initialize(address,address,address,address) initialize(address[],uint256) init() init(address)
    init(bytes) setup() setUp(address) setUp(bytes) setUp(address,address,uint256)
    setup(address[],uint256,address,bytes,address,address,uint256,address)
""")

PRIVILEGED = selectors(f"""
    transferOwnership(address) setOwner(address) changeOwner(address) changeAdmin(address)
    setAdmin(address) grantRole(bytes32,address) setGovernor(address) setGovernance(address)
    upgradeTo(address) upgradeToAndCall(address,bytes) setImplementation(address)
    mint(address,uint256) setMinter(address) addMinter(address) kill() destroy() destroy(address)
    selfdestruct(address) destruct() sweep(address) sweep(address,address)
    sweepToken(address,uint256) rescueTokens(address,address,uint256) unpause()
    execute(address,bytes) execute(address,uint256,bytes) setOracle(address)
    setPriceOracle(address) setPrice(uint256) setPrice(address,uint256)
    setAssetPrice(address,uint256) setFee(uint256) setPauser(address) setGuardian(address)
    {CUT} {OLD_CUT}
""")

_NO_CUT = {
    selector(cut): selector(cut).to_bytes(4, "big")
    + b"".join(one.to_bytes(32, "big") for one in words)
    for cut, words in ((CUT, (96, 0, 128, 0, 0)), (OLD_CUT, (32, 0)))
}
"""Cuts of a diamond that change nothing, so that only who makes them is a reason to refuse them."""

_NOBODYS = 0xFB4EA4ED
"""The selector of a function that no contract has."""


def weaknesses(subject: Subject) -> Iterator[Weakness]:
    """Return what strangers may call and should not."""
    if _takes_anything(subject, subject.address):
        return
    for function in _wanted(subject):
        name = subject.known.signatures.get(function) or _known(function)
        if not _open(subject, subject.address, function, name):
            continue
        if _initialises(subject, function):
            summary = f"anyone may call {name} and become what it makes of its caller"
            yield Weakness("open-initialiser", "critical", summary, names=(name,))
        else:
            summary = f"anyone may call {name}"
            yield Weakness("open-function", "critical", summary, names=(name,))
    yield from _behind(subject)


def _behind(subject: Subject) -> Iterator[Weakness]:
    """A bare implementation that anybody may initialise is a place to run code from."""
    behind = subject.proxied.implementation
    if behind is None or subject.proxied.kind == "fixed" or _takes_anything(subject, behind):
        return
    for function in _wanted(subject):
        name = subject.known.signatures.get(function) or _known(function)
        if _initialises(subject, function) and _open(subject, behind, function, name):
            yield Weakness(
                "open-implementation",
                "medium",
                f"anyone may call {name} on the implementation {behind} itself",
                names=(name, behind),
            )


def _known(function: int) -> str:
    return INITIALISERS.get(function) or PRIVILEGED[function]


def _initialises(subject: Subject, function: int) -> bool:
    name = subject.known.signatures.get(function)
    return function in INITIALISERS or (name is not None and name.startswith(NAMED))


def _wanted(subject: Subject) -> list[int]:
    return [
        function
        for function in subject.functions
        if function in PRIVILEGED or _initialises(subject, function)
    ]


def _open(subject: Subject, where: str, function: int, name: str) -> bool:
    calls = tries(function, name, STRANGER)
    calls += [_NO_CUT[function]] if function in _NO_CUT else []
    if subject.proxied.implementation is not None:  # what an upgrade will only take
        calls += tries(function, name, subject.proxied.implementation)
    return any(subject.chain.run([Trial(STRANGER, where, data)])[0].ok for data in calls)


def _takes_anything(subject: Subject, where: str) -> bool:
    data = _NOBODYS.to_bytes(4, "big") + bytes(64)
    return subject.chain.run([Trial(STRANGER, where, data)])[0].ok
