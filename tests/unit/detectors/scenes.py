"""A small protocol and what people do with it."""

from detectors.api import Scope
from detectors.samples import CHAIN, PROTOCOL, address, make
from schemas.chain import Call, Flow, Transaction, Write
from schemas.manifest import Contract, Manifest

VAULT, POOL = address(10), address(11)
TOKEN, SHARE = address(20), address(21)
USER, OTHER, THIEF = address(1000), address(1001), address(1666)

MANIFEST = Manifest(
    protocol=PROTOCOL,
    chain=CHAIN,
    contracts=(
        Contract(address=VAULT, role="vault"),
        Contract(address=POOL, role="pool"),
    ),
)


def scope() -> Scope:
    return Scope(CHAIN, PROTOCOL, MANIFEST)


def flow(sender: str, to: str, amount: int, token: str = TOKEN) -> Flow:
    return Flow(token=token, sender=sender, to=to, amount=str(amount))


def call(to: str, selector: str, sender: str = USER, depth: int = 0, **parts: object) -> Call:
    given: dict[str, object] = {"kind": "call", "depth": depth} | parts
    return Call(sender=sender, to=to, selector=selector, **given)  # type: ignore[arg-type]  # parts are the caller's to fit


def write(slot: int, value: int, contract: str = VAULT) -> Write:
    return Write(contract=contract, slot=str(slot), value=str(value))


def tx(number: int = 0, **parts: object) -> Transaction:
    return make(number, **({"sender": USER, "to": VAULT} | parts))
