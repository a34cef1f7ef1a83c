"""What our own topics say about one incident, as the records were: bytes, headers, offsets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from forensics.cases.trust import MOST_DOUBTED, Exhibit
from schemas.actions import Action
from schemas.alerts import Alert, Withdrawal
from schemas.chain import Deployment, Event
from schemas.codec import reader
from schemas.errors import PoisonRecordError
from schemas.headers import hops
from schemas.incidents import Hop, Incident, Recovery
from schemas.topics import TOPICS

Times = Mapping[Hop, int]
"""In nanoseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """One incident, and the records that belong to it, each in the order of its topic."""

    incident: Incident
    alerts: tuple[Alert, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    actions: tuple[Action, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    shown: tuple[Event, ...] = ()
    """Brakes and releases of its protocol since it was opened, as the chain shows them."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By recovery's id: the key that signed it, where that was checked."""
    deployments: tuple[Deployment, ...] = ()
    times: Mapping[str, Times] = field(default_factory=dict)
    """By alert's or action step's id: when it passed each hop, as its headers say."""
    doubted: tuple[str, ...] = ()
    """What is kept beside these and counts for nothing, with the reason."""


def open_dossier(exhibits: Iterable[Exhibit]) -> Dossier:
    """Read gathered records. Raises `PoisonRecordError` for one that cannot be read."""
    records, times, keys, doubted, more = [], {}, {}, [], 0
    for exhibit in exhibits:
        if exhibit.doubt:
            doubted.append(str(exhibit))
            more += exhibit.more
            continue
        message = exhibit.message
        record = reader(TOPICS[message.topic])(message.value or b"")
        records.append(record)
        if isinstance(record, Alert | Action):
            times[record.id] = hops(message.headers)
        elif isinstance(record, Recovery) and exhibit.signer:
            keys[record.id] = exhibit.signer
    incidents = [record for record in records if isinstance(record, Incident)]
    if len(incidents) != 1:
        raise PoisonRecordError(f"{len(incidents)} incidents among the records; one is wanted")
    return Dossier(
        incident=incidents[0],
        alerts=tuple(record for record in records if isinstance(record, Alert)),
        withdrawals=tuple(record for record in records if isinstance(record, Withdrawal)),
        actions=tuple(record for record in records if isinstance(record, Action)),
        recoveries=tuple(record for record in records if isinstance(record, Recovery)),
        shown=tuple(record for record in records if isinstance(record, Event)),
        keys=keys,
        deployments=tuple(record for record in records if isinstance(record, Deployment)),
        times=times,
        doubted=_told(doubted, more),
    )


def _told(doubted: Sequence[str], more: int) -> tuple[str, ...]:
    more += len(doubted[MOST_DOUBTED:])
    rest = (f"{more:,} more records were left out for such reasons",) if more else ()
    return (*doubted[:MOST_DOUBTED], *rest)
