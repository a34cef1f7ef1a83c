"""Twenty protocols and what each has heard: who listens to whom, who lies, who finds out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Literal

import msgspec

from runtime.neighbourhood import Neighbourhood
from schemas.actions import Heard
from schemas.ids import content_id
from schemas.issuers import Issuer
from schemas.manifest import Contract, Dependency, Halt, Manifest
from schemas.signals import Signal, Verdict
from schemas.units import account

Role = Literal["honest", "silent", "liar", "sleeper"]
ROLES: tuple[Role, ...] = ("honest",) * 12 + ("silent",) * 2 + ("liar",) * 2 + ("sleeper",) * 4
"""Sleepers are honest for half of the time, and lie together from then on. Each of the first
fourteen listens to eighteen: all six that lie, and twelve of the others."""

LISTENED = 18
CHAIN = "eip155:1"
SHARED = tuple(f"0x{number:040x}" for number in range(0xD0, 0xD5))
"""What they all depend on."""

LIFETIME = 21_600
SPEED, EXPOSED, UNTIL_PEOPLE = 10_000.0, 5_000_000.0, 900
"""What a drain takes a second, all there is, and when people end it."""
FALSE_HALT = 1_000_000.0
JUDGED = 0.5
"""The share of signals of which a protocol's people find out whether they were right."""

Hearing = Callable[[Heard | None], Heard | None]


def trusting(heard: Heard | None) -> Heard | None:
    """Leave out no one: the weightiest word counts, whoever's it is."""
    return None if heard is None else msgspec.structs.replace(heard, issuers=0)


@dataclass(slots=True)
class Village:
    """The protocols, and what each has heard."""

    dice: Random
    hear: Hearing
    villagers: list[Neighbourhood] = field(default_factory=list)
    seq: int = 0

    def __post_init__(self) -> None:
        """Let each listen to all that lie and to some of the rest."""
        self.villagers = [Neighbourhood([_manifest(number)]) for number in range(len(ROLES))]

    def heard(self, number: int, now: int) -> Heard | None:
        """Return what a protocol makes of what it hears."""
        return self.hear(self.villagers[number].heard(f"protocol-{number}", now))

    def say(self, number: int, shared: str, now: int, *, confidence: int = 9_000) -> Signal:
        """Let a protocol warn all others of what they share."""
        self.seq += 1
        signal = Signal(
            id=content_id("signal", number, self.seq),
            issuer=_issuer(number),
            seq=self.seq,
            expiry=now + LIFETIME,
            target=account(CHAIN, shared),
            technique="ADT3012",
            severity="critical",
            confidence=confidence,
            evidence_root="0x" + "00" * 32,
            signature="0x" + "00" * 65,
        )
        for other, villager in enumerate(self.villagers):
            if other != number and signal.issuer in villager.issuers:
                villager.take(signal)
        return signal

    def find_out(self, signals: list[Signal], *, right: bool, now: int) -> None:
        """Let people find out, each protocol's by themselves and not of all."""
        for signal in signals:
            for number, villager in enumerate(self.villagers):
                if self.dice.random() < JUDGED:
                    verdict = Verdict(
                        id=content_id("verdict", number, signal.id),
                        signal=signal.id,
                        issuer=signal.issuer,
                        finding="confirmed" if right else "refuted",
                        time=now,
                        protocol=f"protocol-{number}",
                    )
                    villager.learn(verdict)


def _issuer(number: int) -> str:
    return f"0x{0xA000 + number:040x}"


def _listened(number: int) -> Iterator[int]:
    """Return whom a protocol listens to: all six that lie, then its next neighbours."""
    lying = [n for n, role in enumerate(ROLES) if role in ("liar", "sleeper") and n != number]
    others = [(number + step) % len(ROLES) for step in range(1, len(ROLES))]
    rest = [n for n in others if n not in lying]
    yield from (lying + rest)[:LISTENED]


def _manifest(number: int) -> Manifest:
    return Manifest(
        protocol=f"protocol-{number}",
        chain=CHAIN,
        contracts=(Contract(address=f"0x{0xC000 + number:040x}", role="pool"),),
        dependencies=tuple(
            Dependency(name=f"shared-{place}", kind="collateral", address=address)
            for place, address in enumerate(SHARED)
        ),
        issuers=tuple(Issuer(name=f"n{n}", address=_issuer(n)) for n in _listened(number)),
        halt=Halt(
            false_halt_cost=Decimal(FALSE_HALT),
            value_exposed=Decimal(EXPOSED),
            loss_per_second=Decimal(SPEED),
        ),
    )
