"""What a decision rests on, held against the log that has it: the decision's own leaf, and that of
every alert that it cites. Signals are `runtime.rehearing`'s, over `forensics.record.recorded`."""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from forensics.record.errors import UntrustedError
from forensics.record.leaf import message_in, record_in
from forensics.record.log_reader import LogReader
from forensics.record.note import Key
from forensics.record.proof import check_proof
from forensics.record.proving import prove
from schemas.actions import Action
from schemas.alerts import Alert
from schemas.errors import PoisonRecordError, TransientError


def grounds(log: LogReader, key: Key, action: Action) -> tuple[list[Alert], list[str]]:
    """Return the alerts that a decision rests on, as the log has them: its own first, then
    what it cites, in its order. And, one sentence each, what it rests on
    and the log, by its key, does not bear out; nothing when all is there.

    Each has to be a leaf under a checkpoint that the log signed, and of an alert's leaves one has
    to say what was decided on, to the last byte where the decision tells that.
    """
    own = _leaves(log, action.id, action)
    alerts, wrong = [], _unproved(log, key, own, f"the decision {action.id[:12]}")
    for name in _named(action):
        found, missing = _ground(log, key, action, name)
        alerts += found
        wrong += missing
    return alerts, wrong


def _named(action: Action) -> Iterable[str]:
    if action.alert == action.incident and action.on_loss:  # its numbers: it writes its own name
        return ()
    named = (action.alert, action.linked, *(one.alert for one in action.cites))
    return dict.fromkeys(filter(None, named))


def _ground(log: LogReader, key: Key, action: Action, alert: str) -> tuple[list[Alert], list[str]]:
    """Return an alert, if a leaf says what was decided on; and what is wrong with all of them."""
    name, like, wrong = f"alert {alert[:12]}", {}, []
    for place, told, differences in _said(log, action, alert):
        if differences:
            wrong += [f"{name}, leaf {place}: {one}" for one in differences]
        else:
            like[place] = told
    if like:
        return list(like.values())[:1], _unproved(log, key, list(like), name)
    return [], wrong or [f"{name} is no leaf of the log"]


def _said(log: LogReader, action: Action, name: str) -> Iterator[tuple[int, Alert, list[str]]]:
    """Give every leaf that has this alert, and how it differs from what was decided on."""
    for place in log.named(bytes.fromhex(name)):
        entry = log.leaf(place).entry
        record = None if entry is None else record_in(entry, log.apart)
        if entry is not None and isinstance(record, Alert) and record.id == name:
            value = message_in(entry, log.apart).value or b""
            yield place, record, list(_differences(action, record, sha256(value).hexdigest()))


def _differences(action: Action, alert: Alert, digest: str) -> Iterator[str]:
    for cited in action.cites:
        if cited.alert == alert.id and cited.sha256 != digest:
            yield f"other bytes: SHA-256 {digest[:12]}, decided on {cited.sha256[:12]}"
    said: tuple[tuple[str, object, object], ...] = (("protocol", action.protocol, alert.protocol),)
    if alert.id == action.alert:
        waiting = alert.phase == "pending"  # decided on as of the head, a block before its own
        said += (
            ("block", action.alert_block, max(0, alert.block - waiting)),
            ("time", action.alert_time, alert.timestamp),
            ("severity", action.severity, alert.severity),
        )
    for what, decided, told in said:
        if decided is not None and decided != told:
            yield f"{what}: the alert says {told}, the decision {decided}"


def _unproved(log: LogReader, key: Key, places: list[int], name: str) -> list[str]:
    """Say why none of these leaves is proved; nothing if one is."""
    wrong = []
    for place in places:
        try:
            check_proof(prove(log, place), key)
        except (PoisonRecordError, TransientError, UntrustedError) as error:
            wrong.append(f"{name}, leaf {place}: {error}")
        else:
            return []
    return wrong or [f"{name} is no leaf of the log"]


def _leaves(log: LogReader, name: str, record: Action) -> list[int]:
    """Return the leaves that hold exactly this record."""
    found = []
    for place in log.named(bytes.fromhex(name)):
        entry = log.leaf(place).entry
        if entry is not None and record_in(entry, log.apart) == record:
            found.append(place)
    return found
