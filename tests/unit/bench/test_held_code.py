"""Nothing that judges a fold's code has seen that code, its like or its incident."""

from dataclasses import replace

import numpy as np
import pytest

from bench import held_code
from bench.labelled_code import Example, created
from detectors.bytecode.model import CodeModel
from tests.births import born

HERE, ELSEWHERE = "0x" + "11" * 32, "0x" + "22" * 32


def test_near_duplicates_incidents_and_transactions_of_a_fold_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = "0x" + "3033f1545542" * 20
    made = created(born(code, HERE), "Heist")
    stranger = replace(
        made,
        name="stranger",
        keys=frozenset({ELSEWHERE}),
        shingles=frozenset(-each - 1 for each in made.shingles),
    )
    labelled = [
        replace(made, name="the like", keys=frozenset()),
        replace(stranger, name="of the incident", keys=frozenset({"Heist"})),
        replace(stranger, name="of the transaction", keys=frozenset({HERE}), shingles=frozenset()),
        replace(stranger, shingles=frozenset({1, 2, 3})),
    ]
    seen: list[Example] = []

    def calibrated(rest: list[Example], score: np.ndarray) -> CodeModel:
        assert len(score) == len(rest)
        seen.extend(rest)
        return CodeModel([], [], [], [], 0.0, [])

    monkeypatch.setattr(
        held_code, "out_of_fold", lambda rest, _names, family: np.zeros(len(family))
    )
    monkeypatch.setattr(held_code, "calibrated", calibrated)
    held_code.held_code(labelled, [made])
    assert [example.name for example in seen] == ["stranger"]
