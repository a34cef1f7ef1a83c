"""Signals as STIX 2.1 bundles (OASIS), out and in.

A signal is an `indicator` whose pattern names the target, that indicates an `attack-pattern` by its
AADAPT id, and is related to what is in danger. STIX knows no accounts of chains, so two extensions
of ours say what it lacks: an object `blockchain-account`, and the signed statement on the
indicator, which is all that is believed when a bundle is read. Markings are TLP 2.0's, as OASIS
published them.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple, cast
from uuid import uuid5

import orjson
import stix2  # type: ignore[import-untyped]  # ships no types
from stix2.exceptions import STIXError  # type: ignore[import-untyped]  # likewise

from neighbours.stix_terms import (
    MARKED,
    MARKINGS,
    SIGNAL_EXTENSION,
    SPACE,
    BlockchainAccount,
    SecuritySignal,
    introductions,
    marking,
)
from schemas.codec import decode_from, encode
from schemas.errors import PoisonRecordError
from schemas.signals import TLPS, Signal, Tlp, require_form
from schemas.topics import SIGNALS
from schemas.units import Seconds

MAX_BUNDLE_BYTES = 256 * 1024
MAX_SIGNALS = 32
"""In one bundle."""

MAX_PATTERN = 512
"""Characters; ours are a quarter of that. Reading one takes longer than reading JSON."""


def bundle(signal: Signal, now: Seconds) -> str:
    """Return a bundle that tells of one signal, made at `now`; it must not have expired.

    Raises `PoisonRecordError` for one that has.
    """
    if now >= signal.expiry:
        raise PoisonRecordError(f"expired at {signal.expiry}: there is nothing left to warn of")
    time, mark = datetime.fromtimestamp(now, UTC), MARKINGS[signal.tlp]
    common = {"created": time, "modified": time, "object_marking_refs": [mark]}
    author = stix2.Identity(
        id=f"identity--{uuid5(SPACE, signal.issuer)}",
        name=f"eip155:{signal.issuer}",
        identity_class="organization",
        **common,
    )
    pattern = stix2.AttackPattern(
        id=f"attack-pattern--{uuid5(SPACE, f'{signal.issuer}/{signal.technique}')}",
        name=f"MITRE AADAPT {signal.technique}",
        external_references=[{"source_name": "mitre-aadapt", "external_id": signal.technique}],
        created_by_ref=author.id,
        **common,
    )
    indicator = _indicator(signal, author.id, common)
    account = BlockchainAccount(caip10=signal.target, object_marking_refs=[mark])
    relations = [
        stix2.Relationship(
            id=f"relationship--{uuid5(SPACE, f'{indicator.id}/{how}')}",
            relationship_type=how,
            source_ref=indicator.id,
            target_ref=what.id,
            created_by_ref=author.id,
            **common,
        )
        for how, what in (("indicates", pattern), ("related-to", account))
    ]
    made = stix2.Bundle(
        *introductions(),
        marking(signal.tlp),
        author,
        pattern,
        account,
        indicator,
        *relations,
        id=f"bundle--{uuid5(SPACE, f'{signal.issuer}/{signal.seq}')}",
    )
    return cast("str", made.serialize(pretty=True))


class Told(NamedTuple):
    """What one indicator of a bundle states, and the indicator, which nobody has looked at yet."""

    signal: Signal
    indicator: dict[str, Any]

    def validated(self) -> Signal:
        """Return the signal. Raises `PoisonRecordError` unless the indicator is STIX 2.1: a pattern
        takes long to read, so who said it is looked at before."""
        _require_valid(self.indicator)
        return self.signal


def statements(data: bytes) -> list[Told]:
    """Return what a bundle states, none of it believed yet, in the time that reading JSON takes.
    What else a bundle has is left alone.

    Raises `PoisonRecordError` for what is too large, no bundle, or holds no signal, or too many.
    """
    if len(data) > MAX_BUNDLE_BYTES:
        raise PoisonRecordError(f"{len(data):,} bytes, a bundle has {MAX_BUNDLE_BYTES:,} at most")
    found = [one for one in _objects(data) if _is_signal(one)]
    if not found:
        raise PoisonRecordError(f"no indicator in it has {SIGNAL_EXTENSION}")
    if len(found) > MAX_SIGNALS:
        raise PoisonRecordError(f"{len(found)} signals, a bundle has {MAX_SIGNALS} at most")
    return [Told(_signal(one), one) for one in found]


def signals(data: bytes) -> list[Signal]:
    """Return the signals that a bundle tells of, none of them believed yet. The indicators that do
    are held to STIX 2.1. For bundles that people here brought.

    Raises `PoisonRecordError` as `statements` and `Told.validated` do.
    """
    return [one.validated() for one in statements(data)]


def _objects(data: bytes) -> list[Any]:
    try:
        read = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise PoisonRecordError(f"not JSON: {error}") from error
    objects = read.get("objects") if isinstance(read, dict) else None
    if not isinstance(objects, list) or read.get("type") != "bundle":
        raise PoisonRecordError("a STIX bundle is expected, with objects in it")
    return objects


def _is_signal(one: Any) -> bool:
    extensions = one.get("extensions") if isinstance(one, dict) else None
    return isinstance(extensions, dict) and SIGNAL_EXTENSION in extensions


def _require_valid(one: dict[str, Any]) -> None:
    if len(str(one.get("pattern", ""))) > MAX_PATTERN:
        raise PoisonRecordError(f"a pattern has {MAX_PATTERN} characters at most")
    try:
        indicator = stix2.parse(one, allow_custom=False, version="2.1")
    except (STIXError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise PoisonRecordError(f"not STIX 2.1: {str(error)[:300]}") from error
    if getattr(indicator, "type", "") != "indicator":
        raise PoisonRecordError("a signal is told by an indicator")


def _indicator(signal: Signal, author: str, common: dict[str, Any]) -> Any:
    return stix2.Indicator(
        id=f"indicator--{uuid5(SPACE, f'{signal.issuer}/{signal.seq}')}",
        name=f"{signal.severity} danger to {signal.target}",
        indicator_types=["malicious-activity"],
        pattern=f"[blockchain-account:caip10 = '{signal.target}']",
        pattern_type="stix",
        valid_from=common["created"],
        valid_until=datetime.fromtimestamp(signal.expiry, UTC),
        confidence=signal.confidence // 100,
        created_by_ref=author,
        extensions={
            SIGNAL_EXTENSION: SecuritySignal(
                signal_id=signal.id,
                issuer=signal.issuer,
                seq=signal.seq,
                expiry=signal.expiry,
                target=signal.target,
                technique=signal.technique,
                severity=signal.severity,
                confidence=signal.confidence,
                evidence_root=signal.evidence_root,
                signature=signal.signature,
            )
        },
        **common,
    )


def _signal(one: dict[str, Any]) -> Signal:
    told = one["extensions"][SIGNAL_EXTENSION]
    try:
        signal = Signal(
            id=told["signal_id"],
            tlp=_tlp(one.get("object_marking_refs")),
            **{name: told[name] for name in _STATED},
        )
        require_form(signal)
        record = decode_from(SIGNALS, encode(signal))
    except (PoisonRecordError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise PoisonRecordError(f"{str(one.get('id'))[:90]}: {error}"[:300]) from error
    return cast("Signal", record)


_STATED = (
    "issuer",
    "seq",
    "expiry",
    "target",
    "technique",
    "severity",
    "confidence",
    "evidence_root",
    "signature",
)


def _tlp(marks: Any) -> Tlp:
    """Return the strictest marking; `amber` where there is none that we know."""
    named = marks if isinstance(marks, list) else ()
    known = [MARKED[mark] for mark in named if isinstance(mark, str) and mark in MARKED]
    return max(known, key=TLPS.index) if known else "amber"
