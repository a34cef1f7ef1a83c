"""A Safe of two of the stage's people, and a Zodiac Roles modifier on it, from their packages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from eth_abi.abi import encode
from eth_account.messages import encode_typed_data

from responders.adapters import registry
from responders.adapters.safe import Emergency, Signed
from runtime.safe_transactions import SafeTransaction
from sandbox.abi import Interface
from sandbox.evm import Account, Call, Contract, created_by
from sandbox.safe import NOBODY, approved
from schemas.manifest import Brake
from tests.contract.stage import ALLOWED, Stage

_SAFE = "@safe-global/safe-contracts", "build/artifacts/contracts"
_ROLES = "zodiac-roles-sdk"
_LIBRARIES = {
    "Integrity": "2cd9b773a3c3e0b461f7ad54b09f46e6ae",
    "Packer": "1416e18a31f8412bde5440018f19e21267",
}
"""What the modifier calls, with the places for their addresses in its code."""

CALLDATA, MATCHES, STATIC, EQUAL_TO, NOTHING, WITHIN_ALLOWANCE = 5, 5, 1, 16, 0, 30
"""Of a condition of the modifier: `ParameterType` and `Operator`."""

_FACTORY = "0xce0042b868300000d44a59004da54a005ffdcf9f"
"""Where ERC-2470 has its factory on every chain."""

ROLE = b"brake".ljust(32, b"\0")
OWNERS = tuple(Account.named(f"owner-{number}") for number in (1, 2))


def _function(name: str, *types: str, components: tuple[str, ...] = ()) -> dict[str, Any]:
    inputs = [
        {"name": "", "type": one, "components": [{"name": "", "type": c} for c in components]}
        if one.startswith("tuple")
        else {"name": "", "type": one}
        for one in types
    ]
    return {"type": "function", "name": name, "inputs": inputs, "outputs": []}


ROLES_ABI = [
    {"type": "constructor", "inputs": [{"name": "", "type": "address"}] * 3},
    _function("assignRoles", "address", "bytes32[]", "bool[]"),
    _function("scopeTarget", "bytes32", "address"),
    _function("allowFunction", "bytes32", "address", "bytes4", "uint8"),
    _function(
        "scopeFunction",
        *("bytes32", "address", "bytes4", "tuple[]", "uint8"),
        components=("uint8", "uint8", "uint8", "bytes"),
    ),
    _function("setAllowance", "bytes32", "uint128", "uint128", "uint128", "uint64", "uint64"),
]
"""What of the modifier is used here."""


@cache
def _codes(script: Path) -> dict[str, str]:
    """Return the creation code of each contract in the package's script, by name."""
    text = script.read_text()
    codes = dict(re.findall(r'const (_bytecode(?:\$\d+)?) = "(0x[0-9a-fA-F_$]+)"', text))
    _, *parts = re.split(r"var (\w+)__factory = class", text)
    used = {
        name: re.search(r"static bytecode = (_bytecode(?:\$\d+)?)", body)
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }
    return {name: codes[found[1]] for name, found in used.items() if found}


@dataclass(frozen=True, slots=True)
class Guarded:
    """A Safe, and the modifier that is a module of it."""

    safe: Contract
    modifier: Contract


def new_safe(stage: Stage, people: Sequence[Account] = OWNERS) -> Contract:
    """Create a Safe that all these owners have to sign for; one for each such group."""
    for owner in people:
        stage.fund(owner)
    singleton = stage.deployer.create_packaged(_SAFE, "Safe.sol/Safe")
    factory = stage.deployer.create_packaged(_SAFE, "proxies/SafeProxyFactory.sol/SafeProxyFactory")
    stage.deployer.settle()
    owners = [owner.address for owner in people]
    setup = singleton.interface.encode(
        "setup", owners, len(owners), NOBODY, b"", NOBODY, NOBODY, 0, NOBODY
    )
    creation = "createProxyWithNonce", singleton.address, setup, 0
    address = stage.hands.read(factory, *creation)[0]
    stage.do(stage.people, factory.call(*creation))
    return Contract(address, singleton.interface)


def by_owners(stage: Stage, safe: Contract, call: Call) -> None:
    """Let the owners do something."""
    nonce = stage.hands.read(safe, "nonce")[0]
    stage.do(stage.people, approved(safe, OWNERS, call, nonce, stage.hands.id))


def guarded(stage: Stage) -> Guarded:
    """Create a Safe with a modifier that the people own, and the responder in its role."""
    safe = new_safe(stage)
    factory = stage.deployer.create("SingletonFactoryLike")
    stage.deployer.settle()
    code = stage.node.rpc("eth_getCode", factory.address, "latest")
    stage.node.rpc("anvil_setCode", _FACTORY, code)
    codes = _codes(stage.package(_ROLES) / "build" / "typechain-DJeCRYlC.js")
    roles = codes["Roles"]
    for name, place in _LIBRARIES.items():
        library = _created(stage, codes[name])
        roles = roles.replace(f"__${place}$__", library.removeprefix("0x"))
    interface, people = Interface(ROLES_ABI), stage.people.address
    creation = interface.creation(roles, people, safe.address, safe.address)
    modifier = Contract(_created(stage, "0x" + creation.hex()), interface)
    by_owners(stage, safe, safe.call("enableModule", modifier.address))
    stage.do(
        stage.people,
        modifier.call("assignRoles", stage.responder.address, [ROLE], [ALLOWED]),
    )
    return Guarded(safe, modifier)


def allow(stage: Stage, place: Guarded, brake: Brake) -> None:
    """Let the role call a brake's function, with whatever arguments."""
    deed, modifier = registry.family_of(brake, stage.chain).deed, place.modifier
    stage.do(
        stage.people,
        modifier.call("scopeTarget", ROLE, deed.target),
        modifier.call("allowFunction", ROLE, deed.target, bytes.fromhex(deed.calldata[2:10]), 0),
    )


def sign(stage: Stage, safe: Contract, brake: Brake, folder: Path, count: int) -> None:
    """Let the owners sign every call that a brake may make, for the next nonces of the Safe."""
    deed, nonce = registry.family_of(brake, stage.chain).deed, stage.hands.read(safe, "nonce")[0]
    signed = [
        signed_by(OWNERS, SafeTransaction(stage.hands.id, safe.address, deed.target, data, number))
        for data in (deed.calldata, *deed.variants)
        for number in range(nonce, nonce + count)
    ]
    path = folder / f"{safe.address}.json"
    path.write_bytes(msgspec.json.encode(Emergency(stage.chain.name, safe.address, tuple(signed))))
    path.chmod(0o600)


def signed_by(owners: Sequence[Account], transaction: SafeTransaction) -> Signed:
    """Let owners sign a transaction, each with its own wallet."""
    message = encode_typed_data(full_message=transaction.typed)
    signatures = "".join(
        owner.signer.sign_message(message).signature.hex()
        for owner in sorted(owners, key=lambda owner: owner.address)
    )
    return Signed(transaction.to, transaction.data, transaction.nonce, "0x" + signatures)


def scope(
    stage: Stage,
    place: Guarded,
    target: str,
    selector: str,
    arguments: Sequence[tuple[str, Any]],
    calls: int,
) -> None:
    """Let the role call one function of a target with these arguments only, so many times."""
    modifier, key = place.modifier, b"budget".ljust(32, b"\0")
    fixed = [(0, STATIC, EQUAL_TO, encode([kind], [value])) for kind, value in arguments]
    conditions = [(0, CALLDATA, MATCHES, b""), *fixed, (0, NOTHING, WITHIN_ALLOWANCE, key)]
    stage.do(
        stage.people,
        modifier.call("scopeTarget", ROLE, target),
        modifier.call("scopeFunction", ROLE, target, bytes.fromhex(selector[2:]), conditions, 0),
        modifier.call("setAllowance", key, calls, calls, 0, 0, 0),
    )


def _created(stage: Stage, code: str) -> str:
    address = created_by(stage.people.address, stage.hands.nonce(stage.people))
    stage.do(stage.people, Call(to=None, data=bytes.fromhex(code[2:]), gas=9_000_000))
    return address
