"""What the README shows works."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from detectors.conformance import check_detector

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()
COMMAND = r"^ {7}firebreak ([^#\n]+)|`firebreak ([^`]+)`"
TARGET = r"(?:`|^ {4})make ([a-z-]+)"


def test_the_detector_in_ten_lines_keeps_every_rule() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert check_detector(names["Payouts"]) == []


@pytest.mark.parametrize("command", sorted(set(re.findall(COMMAND, README, re.MULTILINE))))
def test_every_command_exists(command: tuple[str, str]) -> None:
    result = CliRunner().invoke(app, [*"".join(command).split(), "--help"])
    assert result.exit_code == 0, result.output


def test_every_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(TARGET, README, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
