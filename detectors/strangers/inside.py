"""What runs in a stranger's process: `python -m detectors.strangers.inside PARENT`.

It confines itself, imports the detector, and answers questions one by one until there are no more.
Whatever the stranger does to this code from within, it can do no more than this process can.
"""

import importlib
import random
import sys
from typing import Any

import msgspec
import orjson

from detectors.api import Detector, Scope
from detectors.strangers import messages as m
from runtime.confinement.inside import confine, end_with_parent, take_pipes
from runtime.confinement.outside import read_frame, write_frame
from schemas.chain import Transaction
from schemas.errors import ConfigurationError
from schemas.manifest import Manifest


class Inside:
    """Answers for one detector class."""

    def __init__(self) -> None:
        self._make: type[Detector] | None = None
        self._made: dict[int, Detector] = {}

    def answer(self, question: m.Question) -> m.Answer:  # noqa: PLR0911 - one for each question
        """Do what is asked; whatever goes wrong is the stranger's."""
        match question:
            case m.Begin():
                return self._begin(question)
            case m.Make():
                return self._new(question)
            case m.Look(number, tx):
                return m.Featured(_numbers(self._look(self._made[number], tx)))
            case m.Score(number, x):
                return m.Scored(float(_kept(self._made[number].score_one, x)))
            case m.Learn(number, lessons):
                for x, weight in lessons:
                    _kept(self._made[number].learn_one, x, weight)
                return m.Done()
            case m.Explain(number, x, tx):
                return m.Explained(_kept(self._made[number].explain_one, x, tx))
            case m.Dump(number):
                return m.Dumped(orjson.dumps(self._made[number].dump()))
            case m.Check():
                return self._check()

    def _begin(self, question: m.Begin) -> m.Answer:
        sys.path[:] = list(question.path)
        importlib.invalidate_caches()
        confine(question.path)
        random.seed(0)
        module, _, name = question.entry.partition(":")
        made: Any = importlib.import_module(module)
        for part in name.split("."):
            made = getattr(made, part)
        if not (isinstance(made, type) and issubclass(made, Detector)):
            raise ConfigurationError("not a subclass of detectors.api.Detector")
        self._make = made
        return m.Ready(made.spec)

    def _check(self) -> m.Answer:
        from detectors.conformance import check_detector  # a service never asks for it

        failures = check_detector(self._class())
        return m.Checked(tuple((f.rule[:200], f.detail[:500]) for f in failures))

    def _class(self) -> type[Detector]:
        if self._make is None:
            raise ConfigurationError("asked before it began")
        return self._make

    def _new(self, question: m.Make) -> m.Answer:
        for number in question.gone:
            self._made.pop(number, None)
        manifest = question.manifest
        known = None if manifest is None else Manifest.model_validate_json(manifest)
        detector = self._class()(Scope(question.chain, question.protocol, known))
        if question.state is not None:
            detector.load(orjson.loads(question.state))
        self._made[question.number] = detector
        return m.Done()

    @staticmethod
    def _look(detector: Detector, tx: Transaction) -> Any:
        before = msgspec.msgpack.encode(tx)
        x = detector.features(tx)
        if msgspec.msgpack.encode(tx) != before:
            raise ValueError("the transaction was changed")
        return x


def _numbers(x: Any) -> dict[str, float]:
    return {str(name): float(value) for name, value in x.items()}


def _kept(step: Any, x: dict[str, float], *others: Any) -> Any:
    """Return what a step gives, provided that it leaves the features as they are."""
    before = dict(x)
    result = step(x, *others)
    if x != before:
        raise ValueError("the features were changed")
    return result


def main() -> None:
    """Answer until the questions end."""
    end_with_parent(int(sys.argv[1]))
    questions, answers = take_pipes()
    inside = Inside()
    while (data := read_frame(questions)) is not None:
        try:
            reply = m.encode(inside.answer(m.question(data)))
        except BaseException as error:  # noqa: BLE001 - a stranger's code; the other side decides
            reply = m.encode(m.Failed(f"{type(error).__name__}: {error}"[:500]))
        write_frame(answers, reply)


if __name__ == "__main__":
    main()
