"""Which contracts had a part: whatever is done to one shows, and nothing takes it away."""

import msgspec
import pytest

from detectors.api import Scope
from detectors.involved import MAX_INVOLVED, involved
from detectors.samples import CHAIN, PROTOCOL, address, make
from schemas.chain import Call, Flow, Log, Transaction, Write
from schemas.manifest import Contract, Manifest

A, B, ELSE = address(1), address(2), address(900)
ALL = ("calls", "logs", "flows", "writes")
MANY = range(1, MAX_INVOLVED + 2)


def scope(count: int = 2) -> Scope:
    contracts = tuple(Contract(address=address(n + 1), role="safe") for n in range(count))
    return Scope(CHAIN, PROTOCOL, Manifest(protocol=PROTOCOL, chain=CHAIN, contracts=contracts))


def frame(to: str, sender: str = ELSE, **more: str) -> Call:
    return Call(depth=0, kind="staticcall", sender=sender, to=to, **more)  # type: ignore[arg-type]


def tx(**parts: object) -> Transaction:
    made = make(1, sender=ELSE, to=ELSE, calls=(frame(B),), logs=(), flows=(), seen=ALL)
    return msgspec.structs.replace(made, **parts)


@pytest.mark.parametrize(
    "parts",
    [
        {"to": A},
        {"created": (A,)},
        {"calls": (frame(B), frame(A))},
        {"calls": (frame(B), frame(ELSE, sender=A))},
        {"calls": (frame(B, code=A),)},
        {"flows": (Flow(token=ELSE, sender=A, to=ELSE, amount="1"),)},
        {"flows": (Flow(token=ELSE, sender=ELSE, to=A, amount="1"),)},
        {"writes": (Write(contract=A, slot="0", value="1"),)},
        {"logs": (Log(log=0, contract=A),)},
        {"logs": (Log(log=0, contract=ELSE, arguments={"account": A}),)},
        {"logs": (Log(log=0, contract=ELSE, arguments={"calls": [{"to": ["7", A]}]}),)},
    ],
)
def test_every_part_in_it_counts(parts: dict[str, object]) -> None:
    assert involved(tx(), scope()) == (B,)
    assert involved(tx(**parts), scope()) == (A, B)


@pytest.mark.parametrize(
    "parts",
    [
        {"cut": 1},
        {"seen": ("logs", "flows")},
        {"seen": ("calls", "flows")},
        {"seen": ("calls", "logs")},
        {"calls": tuple(frame(address(n)) for n in MANY)},
    ],
)
def test_what_is_not_known_in_full_is_not_told(parts: dict[str, object]) -> None:
    assert involved(tx(**parts), scope(len(MANY))) == ()
    assert involved(tx(), Scope(CHAIN, PROTOCOL, None)) == ()
