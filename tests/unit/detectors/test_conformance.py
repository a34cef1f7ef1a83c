"""Every built-in detector keeps every rule, and every rule can be broken."""

import math
import random
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from detectors.api import Detector, Explanation, Features, Scope, Spec
from detectors.builtin.asset_outflow import AssetOutflow
from detectors.conformance import RULES, check_detector
from detectors.featured import FeatureDetector
from detectors.sets import load_set
from runtime.settings import ACTS, CORE
from schemas.chain import Transaction


@pytest.mark.parametrize("make", load_set((*CORE, *ACTS), (*CORE, *ACTS)).values())
def test_built_in_detectors_conform(make: type[Detector]) -> None:
    assert check_detector(make) == []


class Nameless(AssetOutflow):
    spec: ClassVar[Spec] = Spec(
        name="x",
        version="one",
        summary="",
        technique="reentrancy",
        warm_up=0,
        false_positives=(),
        blind_spots=(),
    )


class Infinite(AssetOutflow):
    def features(self, tx: Transaction) -> Features:
        return {"outflow:native": math.inf}


class Greedy(AssetOutflow):
    def learn_one(self, x: Features, weight: float) -> None:
        dict.clear(x)  # type: ignore[arg-type]  # that is the misdeed
        super().learn_one(x, weight)


class Negative(AssetOutflow):
    def score_one(self, x: Features) -> float:
        return super().score_one(x) - 1.0


class Impure(AssetOutflow):
    def score_one(self, x: Features) -> float:
        self.learn_one(x, 1.0)
        return super().score_one(x)


class Dicing(AssetOutflow):
    def learn_one(self, x: Features, weight: float) -> None:
        super().learn_one({"outflow:native": 2.0 + random.random()}, weight)


class Forgetful(AssetOutflow):
    def load(self, state: dict[str, Any]) -> None:
        pass


class Demanding(AssetOutflow):
    def score_one(self, x: Features) -> float:
        return super().score_one(x) + 0.0 * x[next(iter(self.features_seen(x)))]

    @staticmethod
    def features_seen(x: Mapping[str, float]) -> Mapping[str, float]:
        return x or {"missing": 0.0}


class Gullible(FeatureDetector):
    spec = AssetOutflow.spec
    families = AssetOutflow.families
    features = AssetOutflow.features

    def score_one(self, x: Features) -> float:
        return 0.0

    def learn_one(self, x: Features, weight: float) -> None:
        pass


class Inventive(AssetOutflow):
    def features(self, tx: Transaction) -> Features:
        return dict(super().features(tx)) | {"outflow:native": float(len(tx.calls))}


class Hoarding(AssetOutflow):
    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.kept: list[str] = []

    def learn_one(self, x: Features, weight: float) -> None:
        super().learn_one(x, weight)
        self.kept += [name * 10 for name in x]

    def dump(self) -> dict[str, Any]:
        return super().dump() | {"kept": self.kept}

    def load(self, state: dict[str, Any]) -> None:
        super().load(state)
        self.kept = list(state["kept"])


class Slow(AssetOutflow):
    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        sum(range(1_000_000))
        return super().explain_one(x, tx)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (Nameless, "spec is complete"),
        (Infinite, "features are finite numbers"),
        (Greedy, "input is untouched"),
        (Negative, "scores are finite and not negative"),
        (Impure, "scoring is pure"),
        (Dicing, "same records give the same state"),
        (Forgetful, "snapshot is faithful"),
        (Demanding, "missing and new features are survived"),
        (Gullible, "what is not a number is refused"),
        (Inventive, "what cannot be seen is left out"),
        (Hoarding, "state is bounded"),
        (Slow, "time is bounded"),
    ],
)
def test_each_misdeed_is_found_by_its_rule(make: type[Detector], rule: str) -> None:
    assert rule in {failure.rule for failure in check_detector(make, count=60)}


def test_every_rule_is_broken_by_some_misdeed() -> None:
    marks = test_each_misdeed_is_found_by_its_rule.pytestmark  # type: ignore[attr-defined]
    tested = {case[1] for case in marks[0].args[1]}
    assert tested == {rule.__name__.removeprefix("_").replace("_", " ") for rule in RULES}
