"""What docs/underwriting.md says of recorded data is so. Needs that data, which is no part of the
project."""

import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bench import fit_risk
from cli.main import app

pytestmark = pytest.mark.slow

PAGE = (Path(__file__).parents[3] / "docs" / "underwriting.md").read_text()


def test_the_backtest_says_what_the_page_says(data: Path) -> None:
    done = CliRunner().invoke(app, ["risk", "backtest", str(data)], catch_exceptions=False)
    assert done.exit_code == 0
    assert "356 days of 7 protocols, 6 with the incident" in done.output
    for name, row in (("brier", "Brier"), ("log", "logarithmic")):
        told = re.search(
            rf"{name}: (\S+), of the base rate (\S+); skill (\S+) \((\S+) to (\S+),", done.output
        )
        assert told is not None
        forecast, base, skill, low, high = told.groups()
        line = f"| {row} | {float(forecast):.4f} | {float(base):.4f} | {skill} | {low} to {high} |"
        assert line in PAGE
        assert float(low) > 0  # better than the base rate alone, for nine in ten samples
    inside = re.findall(r"(\d+) of 16 within", done.output)
    assert f"{inside[0]} of 16 lie within" in PAGE
    assert f"{inside[1]} of 16 do" in PAGE
    rows = re.findall(r"what (\d+)% should exceed: (\d+) of 282 \((\d+) to (\d+)", done.output)
    assert len(rows) == 4
    for share, beyond, low, high in rows:
        assert f"| {share} % | {beyond} | {low} to {high} |" in PAGE


def test_the_parameters_are_made_again_byte_for_byte(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = fit_risk.TARGET.read_bytes()
    monkeypatch.setattr(fit_risk, "TARGET", tmp_path / "prior.json")
    monkeypatch.setattr(sys, "argv", ["fit_risk", str(data)])
    assert fit_risk.main() == 0
    assert (tmp_path / "prior.json").read_bytes() == shipped
