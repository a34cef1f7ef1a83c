"""What a decision says that it had heard from neighbours, held against the topic itself.

The topic is read again up to where the decision had read it, with the manifests and people's keys
of now. What had expired meanwhile is taken as whoever read it in time took it, since it may have
replaced another; at the time of the decision it counts as little as it did then.
"""

from collections.abc import Sequence
from contextlib import suppress
from math import isclose

from runtime.admission import Admission
from runtime.broker import Kept, Message, Partition
from runtime.neighbourhood import Neighbourhood
from runtime.replay import read
from runtime.signal_intake import decoded
from runtime.signatures import Verifier
from schemas.actions import Heard
from schemas.errors import PoisonRecordError
from schemas.manifest import Manifest
from schemas.signals import Signal
from schemas.topics import SIGNALS

_ROUNDING = 1e-9
"""Relative, of likelihood ratios."""


def differences(
    told: Heard, protocol: str, broker: Kept, manifest: Manifest | None, people: Verifier | None
) -> list[str]:
    """Say what of it the topic does not bear out; nothing when it is right. `people` find signals
    right or wrong; None: anybody does.

    Raises `PoisonRecordError` where it cannot be told.
    """
    if not told.read:
        raise PoisonRecordError(f"it does not say how far {SIGNALS.name} was read")
    if manifest is None or not manifest.issuers:
        raise PoisonRecordError(f"no manifest says whom {protocol} listens to")
    found = _heard(told, broker, manifest, people)
    if found is None:
        return ["nobody had warned"]
    numbers = (
        ("issuers", told.issuers, found.issuers),
        ("unmasked", told.unmasked, found.unmasked),
    )
    wrong = [f"{name}: says {said}, is {true}" for name, said, true in numbers if said != true]
    said, true = ({one.issuer: one for one in heard.warnings} for heard in (told, found))
    for issuer in sorted(said.keys() | true.keys()):
        one, other = said.get(issuer), true.get(issuer)
        if one is None or other is None:
            wrong.append(f"{issuer}: {'had warned' if one is None else 'had not warned'}")
        elif one.signal != other.signal:
            wrong.append(f"{issuer}: says signal {one.signal[:12]}, is {other.signal[:12]}")
        elif not isclose(one.ratio, other.ratio, rel_tol=_ROUNDING):
            wrong.append(f"{issuer}: says a ratio of {one.ratio!r}, is {other.ratio!r}")
    return wrong


def _heard(told: Heard, broker: Kept, manifest: Manifest, people: Verifier | None) -> Heard | None:
    neighbourhood = Neighbourhood([manifest])
    admission = Admission(neighbourhood.issuers)
    stretch = {}
    for number, end in enumerate(told.read):
        partition = Partition(SIGNALS.name, number)
        low, high = broker.bounds(partition) if number < broker.partitions(SIGNALS.name) else (0, 0)
        if end > high:
            raise PoisonRecordError(f"{SIGNALS.name}[{number}] ends at {high}, {end} were read")
        stretch[partition] = (min(low, end), end)

    def take(batch: Sequence[Message]) -> None:
        for message in batch:
            with suppress(PoisonRecordError):
                record = decoded(message)
                if isinstance(record, Signal):
                    admission.admit(record, min(told.time, record.expiry - 1))
                    neighbourhood.take(record)
                    continue
                if people is not None:
                    people.check(message, head=None)
                neighbourhood.learn(record)

    read(broker, stretch, take)
    return neighbourhood.heard(manifest.protocol, told.time)
