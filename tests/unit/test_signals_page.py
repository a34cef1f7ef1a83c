"""What docs/signals.md shows works, and what it says of weights is so."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from neighbours.subscribers import Subscriber
from runtime.neighbourhood import MAX_SIGNAL_ODDS
from runtime.reputation import Standing
from runtime.settings_signals import SignalsSettings
from runtime.statement import TYPE
from schemas.issuers import Issuer

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "signals.md").read_text()
WEIGHTS = re.findall(r"^\| (\d+) \| (\d+) \| (?:([\d.]+)|left out)", PAGE, re.MULTILINE)


def test_a_few_lines_check_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/signals.md", "exec"), names)


def test_the_type_is_what_is_signed() -> None:
    told = re.search(r"SecuritySignal\([^)]*\)", PAGE)
    assert told is not None
    assert re.sub(r",\s+", ",", told[0]) == TYPE


@pytest.mark.parametrize(("confirmed", "refuted", "ratio"), WEIGHTS)
def test_a_word_weighs_what_the_page_says(confirmed: str, refuted: str, ratio: str) -> None:
    standing = Standing(float(confirmed), float(refuted))
    assert standing.unmasked is (not ratio)
    if ratio:
        assert standing.ratio == pytest.approx(float(ratio), abs=0.06)


def test_the_tables_are_all_there() -> None:
    assert len(WEIGHTS) == 6
    assert f"by {MAX_SIGNAL_ODDS:.0f} at\nmost" in PAGE


def test_what_is_to_be_written_into_files_is_read() -> None:
    found: dict[str, Any] = {}
    for text in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL):
        for name, table in tomllib.loads(text.replace("0x…", "0x" + "11" * 20)).items():
            found[name] = found.get(name, {}) | table if isinstance(table, dict) else table
    assert SignalsSettings(**found["signals"]).publish
    assert Subscriber(**found["subscribers"][0]).form == "signal"
    assert Issuer(**found["issuers"][0]).concerns
