"""The shipped model of code is what its recipe makes."""

from pathlib import Path

import pytest

from bench.fit_code_model import taught
from bench.labelled_code import examples
from detectors.bytecode.model import shipped

pytestmark = pytest.mark.slow


def test_the_recipe_makes_the_shipped_model(data: Path) -> None:
    made, held = (
        model.dump()
        for model in (taught(examples(data / "contract_bytecode/contracts.jsonl.gz")), shipped())
    )
    held["tail"] = made["tail"]  # of scores out of fold, which take minutes
    assert made == held
