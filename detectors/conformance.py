"""The conformance suite: what every detector, ours or a stranger's, has to keep.

`check_detector` runs all checks and returns what failed; `firebreak detectors check NAME` prints
it, and the tests run it on every built-in detector. Each check's docstring is its rule.
"""

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import orjson

from detectors import samples
from detectors.api import Detector, Scope, State
from detectors.guarded import TECHNIQUE, VERSION
from schemas.chain import Flow, Log, Transaction
from schemas.codec import encode

MAX_STATE_BYTES = 1024 * 1024
MAX_SECONDS_ODD = 2.0
MAX_SECONDS_ORDINARY = 0.005

Make = type[Detector]


@dataclass(frozen=True, slots=True)
class Failure:
    """A rule that was not kept, and how."""

    rule: str
    detail: str


def check_detector(make: Make, *, count: int = 300, seed: int = 0) -> list[Failure]:
    """Return every failure; an empty list means that the detector conforms."""
    failures = []
    for rule in RULES:
        name = rule.__name__.removeprefix("_").replace("_", " ")
        try:
            details = list(rule(make, list(samples.transactions(count, seed))))
        except Exception as error:  # noqa: BLE001 - whatever a detector raises is a finding
            details = [f"{type(error).__name__}: {error}"]
        failures += [Failure(name, detail) for detail in details[:3]]
    return failures


def _new(make: Make) -> Detector:
    return make(Scope(samples.CHAIN, samples.PROTOCOL))


def _taught(make: Make, records: list[Transaction]) -> Detector:
    detector = _new(make)
    for tx in records:
        detector.learn_one(detector.features(tx), 1.0)
    return detector


def _spec_is_complete(make: Make, _records: list[Transaction]) -> Iterator[str]:
    """The spec tells what a person has to know before trusting the detector."""
    spec = make.spec
    if not VERSION.match(spec.version):
        yield f"version {spec.version!r} is not like 1.0.0"
    if not TECHNIQUE.match(spec.technique):
        yield f"technique {spec.technique!r} is not an AADAPT id like ADT3012.004"
    for word in ("summary", "false_positives", "blind_spots"):
        if not getattr(spec, word):
            yield f"{word} is empty"


def _features_are_finite_numbers(make: Make, records: list[Transaction]) -> Iterator[str]:
    """Every feature is a finite number with a name."""
    detector = _new(make)
    for tx in [*records, *samples.odd()]:
        for name, value in detector.features(tx).items():
            if not name or not math.isfinite(value):
                yield f"{name!r} is {value!r} in {tx.tx}"


def _input_is_untouched(make: Make, records: list[Transaction]) -> Iterator[str]:
    """Neither the transaction nor the features are changed."""
    detector = _new(make)
    for tx in records[:50]:
        before = encode(tx)
        x = dict(detector.features(tx))
        kept = dict(x)
        detector.score_one(x)
        detector.explain_one(x, tx)
        detector.learn_one(x, 1.0)
        if x != kept:
            yield f"features of {tx.tx} were changed"
        if encode(tx) != before:
            yield f"{tx.tx} was changed"


def _scores_are_finite_and_not_negative(make: Make, records: list[Transaction]) -> Iterator[str]:
    """A score is a finite number, 0 or more."""
    detector = _taught(make, records)
    for tx in [*records, *samples.odd()]:
        score = detector.score_one(detector.features(tx))
        if not math.isfinite(score) or score < 0.0:
            yield f"score {score!r} for {tx.tx}"


def _scoring_is_pure(make: Make, records: list[Transaction]) -> Iterator[str]:
    """Features, scores and explanations change no state and repeat themselves."""
    detector = _taught(make, records)
    before = _bytes(detector.dump())
    for tx in records[:50]:
        x = detector.features(tx)
        first = (x, detector.score_one(x), detector.explain_one(x, tx))
        again = detector.features(tx)
        if first != (again, detector.score_one(again), detector.explain_one(again, tx)):
            yield f"{tx.tx} got two different answers"
    if _bytes(detector.dump()) != before:
        yield "state changed without learning"


def _same_records_give_the_same_state(make: Make, records: list[Transaction]) -> Iterator[str]:
    """No clock, no unseeded chance: what was learned decides everything."""
    states = []
    for seed in (1, 2):
        random.seed(seed)
        states.append(_bytes(_taught(make, records).dump()))
    if states[0] != states[1]:
        yield "two detectors learned the same and differ"


def _snapshot_is_faithful(make: Make, records: list[Transaction]) -> Iterator[str]:
    """A detector loaded from a snapshot goes on exactly like the one that wrote it."""
    half = len(records) // 2
    original = _taught(make, records[:half])
    copy = _new(make)
    copy.load(orjson.loads(_bytes(original.dump())))
    for tx in records[half:]:
        x = original.features(tx)
        if original.score_one(x) != copy.score_one(x):
            yield f"scores differ at {tx.tx}"
        original.learn_one(x, 1.0)
        copy.learn_one(x, 1.0)
    if _bytes(original.dump()) != _bytes(copy.dump()):
        yield "states differ in the end"


def _missing_and_new_features_are_survived(make: Make, records: list[Transaction]) -> Iterator[str]:
    """A feature may be absent, and one it does not know may be there."""
    detector = _taught(make, records)
    for tx in records[:20]:
        x = dict(detector.features(tx))
        variants = [{}, x | {"unheard_of": 1.0}, *({k: x[k] for k in x if k != gone} for gone in x)]
        for variant in variants:
            score = detector.score_one(variant)
            detector.learn_one(variant, 1.0)
            detector.explain_one(variant, tx)
            if not math.isfinite(score):
                yield f"score {score!r} without some feature of {tx.tx}"


def _what_is_not_a_number_is_refused(make: Make, records: list[Transaction]) -> Iterator[str]:
    """NaN and infinity raise ValueError and leave the state as it was."""
    detector = _taught(make, records)
    for tx in records[:5]:
        for name in detector.features(tx):
            for value in (math.nan, math.inf, -math.inf):
                x = dict(detector.features(tx)) | {name: value}
                before = _bytes(detector.dump())
                for step in (detector.score_one, lambda x: detector.learn_one(x, 1.0)):
                    if not _refuses(step, x):
                        yield f"{name} = {value} was accepted"
                if _bytes(detector.dump()) != before:
                    yield f"{name} = {value} changed the state"


def _refuses(step: Callable[[dict[str, float]], object], x: dict[str, float]) -> bool:
    try:
        step(x)
    except ValueError:
        return True
    return False


def _what_cannot_be_seen_is_left_out(make: Make, _records: list[Transaction]) -> Iterator[str]:
    """A transaction of which the source saw nothing has no features: absent is not zero."""
    x = _new(make).features(samples.make(0, seen=()))
    if x:
        yield f"{sorted(x)} of a transaction of which nothing was seen"


def _state_is_bounded(make: Make, _records: list[Transaction]) -> Iterator[str]:
    """Fresh addresses without end do not make the state grow without end."""
    detector = _new(make)
    chance = random.Random(0)  # noqa: S311 - made-up data, nothing secret
    for number in range(3000):
        pool, token = samples.address(10**6 + number), samples.address(10**7 + number)
        tx = samples.transaction(number, chance, accounts=10**6)
        swapped = tuple(
            Flow(token=token, sender=f.sender, to=pool, amount=f.amount) for f in tx.flows
        )
        moved = tuple(
            Log(log=log.log, contract=pool, name=log.name, arguments=log.arguments)
            for log in tx.logs
        )
        renewed = samples.make(number, sender=tx.sender, to=pool, flows=swapped, logs=moved)
        detector.learn_one(detector.features(renewed), 1.0)
    size = len(_bytes(detector.dump()))
    if size > MAX_STATE_BYTES:
        yield f"{size:,} bytes of state after 3,000 transactions among strangers"


def _time_is_bounded(make: Make, records: list[Transaction]) -> Iterator[str]:
    """An ordinary transaction takes milliseconds at most, the oddest one no more than two
    seconds."""
    detector = _new(make)
    start = time.perf_counter()
    for tx in records:
        _whole(detector, tx)
    average = (time.perf_counter() - start) / max(1, len(records))
    if average > MAX_SECONDS_ORDINARY:
        yield f"{average * 1000:.1f} ms for an ordinary transaction"
    for tx in samples.odd():
        start = time.perf_counter()
        _whole(detector, tx)
        if time.perf_counter() - start > MAX_SECONDS_ODD:
            yield f"{time.perf_counter() - start:.1f} s for {tx.tx}"


def _whole(detector: Detector, tx: Transaction) -> None:
    x = detector.features(tx)
    detector.score_one(x)
    detector.explain_one(x, tx)
    detector.learn_one(x, 1.0)


def _bytes(state: State) -> bytes:
    return orjson.dumps(state)


RULES: tuple[Callable[[Make, list[Transaction]], Iterator[str]], ...] = (
    _spec_is_complete,
    _features_are_finite_numbers,
    _input_is_untouched,
    _scores_are_finite_and_not_negative,
    _scoring_is_pure,
    _same_records_give_the_same_state,
    _snapshot_is_faithful,
    _missing_and_new_features_are_survived,
    _what_is_not_a_number_is_refused,
    _what_cannot_be_seen_is_left_out,
    _state_is_bounded,
    _time_is_bounded,
)
