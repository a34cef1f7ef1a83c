"""What an action says that it had heard, held against the signals themselves."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from runtime.rehearing import differences
from runtime.signatures import Verifier
from schemas.actions import Action, Heard
from schemas.errors import PoisonRecordError
from schemas.signals import MAX_LIFETIME
from schemas.topics import SIGNALS
from tests.unit.neighbours.examples import address
from tests.unit.responders.bench import Assembly
from tests.unit.responders.examples import START
from tests.unit.responders.test_neighbours import found
from tests.unit.responders.test_signal_intake import (
    WEAK,
    Work,
    at_work,
    careful,
    decided,
    warning,
)

__all__ = ["at_work"]  # a fixture

NOBODY = Verifier({})


@pytest.fixture
def bench(at_work: Work) -> Assembly:
    """A responder that was warned by two of its three neighbours."""
    made = at_work(careful(3))
    for by in (1, 2):
        made.warn(warning(by))
    made.signals.producer().send(SIGNALS.name, b"rubbish", key=b"anybody")
    return made


def decision(bench: Assembly) -> Heard:
    bench.receive(WEAK)
    said: Action = decided(bench)[-1]
    assert said.heard is not None
    return said.heard


def wrong(bench: Assembly, told: Heard, people: Verifier | None = None) -> list[str]:
    return differences(told, "meadow", bench.signals, careful(3), people)


def test_what_was_heard_is_found_again_whatever_was_said_since(bench: Assembly) -> None:
    told = decision(bench)
    assert (len(told.warnings), len(told.read), told.time) == (
        2,
        SIGNALS.partitions,
        bench.outlook.time,
    )
    assert wrong(bench, told) == []
    bench.warn(warning(3), warning(1, seq=9, confidence=0), found(2, "refuted"))
    assert wrong(bench, told) == []


Bend = Callable[[Heard], Heard]


def forged(**changes: object) -> Bend:
    return lambda told: msgspec.structs.replace(
        told, warnings=(msgspec.structs.replace(told.warnings[0], **changes), *told.warnings[1:])
    )


@pytest.mark.parametrize(
    ("bend", "why"),
    [
        (forged(ratio=9.0), "says a ratio of 9.0"),
        (forged(signal="f" * 64), "says signal ffffffffffff"),
        (forged(issuer=address(3)), "had not warned"),
        (lambda told: msgspec.structs.replace(told, warnings=told.warnings[:1]), "had warned"),
        (lambda told: msgspec.structs.replace(told, issuers=2), "issuers: says 2, is 3"),
        (lambda told: msgspec.structs.replace(told, unmasked=1), "unmasked: says 1, is 0"),
        (lambda told: msgspec.structs.replace(told, time=told.time + 7200), "nobody had warned"),
        (lambda told: msgspec.structs.replace(told, read=(0,) * 4), "nobody had warned"),
    ],
)
def test_what_was_not_said_is_found(bench: Assembly, bend: Bend, why: str) -> None:
    assert why in "; ".join(wrong(bench, bend(decision(bench))))


def test_a_warning_that_was_taken_back_by_one_that_expired_stays_taken_back(
    at_work: Work,
) -> None:
    bench = at_work(careful(3))
    bench.warn(warning(1), warning(2), warning(1, seq=9, confidence=0, expiry=START + 60))
    bench.receive(WEAK)
    told = decided(bench)[-1].heard
    assert told is not None
    later = msgspec.structs.replace(told, time=START + 600)
    assert [one.issuer for one in later.warnings] == [address(2)]
    assert wrong(bench, later) == []


def test_a_signal_that_nobody_may_believe_is_not_heard_again(bench: Assembly) -> None:
    bench.warn(warning(3, expiry=bench.outlook.time + MAX_LIFETIME + 1))
    assert wrong(bench, decision(bench)) == []


def test_findings_count_with_peoples_keys_alone(bench: Assembly) -> None:
    bench.warn(*(found(1, "refuted", number) for number in range(300)))
    told = decision(bench)
    assert told.unmasked == 1
    assert wrong(bench, told) == []
    assert "unmasked: says 1, is 0" in wrong(bench, told, NOBODY)


@pytest.mark.parametrize(
    ("bent", "why"), [({"read": ()}, "how far"), ({"read": (99,)}, ", 99 were read")]
)
def test_what_cannot_be_told_is_said(bench: Assembly, bent: dict[str, Any], why: str) -> None:
    told = msgspec.structs.replace(decision(bench), **bent)
    with pytest.raises(PoisonRecordError, match=why):
        wrong(bench, told)


def test_without_a_manifest_nobody_knows_who_was_listened_to(bench: Assembly) -> None:
    with pytest.raises(PoisonRecordError, match="whom orchard listens to"):
        differences(decision(bench), "orchard", bench.signals, None, None)
