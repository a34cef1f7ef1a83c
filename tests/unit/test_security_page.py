"""What docs/security.md says of rights and tests is so."""

import re
from pathlib import Path

import pytest

from responders.signers import policy
from schemas.services import SERVICES
from schemas.topics import TOPICS

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text()


def _rows(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


@pytest.mark.parametrize("row", _rows("Who can write what"), ids=lambda row: row[0].strip("`"))
def test_who_writes_and_reads_a_topic_is_what_services_declare(row: list[str]) -> None:
    topic = TOPICS[row[0].strip("`")]
    for told, declared in (
        (row[1], {name for name, service in SERVICES.items() if topic in service.writes}),
        (row[2], {name for name, service in SERVICES.items() if topic in service.reads}),
    ):
        assert {name for name in told.split(", ") if name != "-"} == declared


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`((?:unit|integration|contract|tests)/[\w/.-]+)`", PAGE)
    assert len(named) > 20
    for name in named:
        path = ROOT / name if name.startswith("tests/") else ROOT / "tests" / name
        assert path.exists(), name


def test_the_signers_policy_on_the_page_can_be_used(tmp_path: Path) -> None:
    text = PAGE.partition('```toml\nchain = "eip155:1"')[2].partition("```")[0]
    path = tmp_path / "policy.toml"
    path.write_text(f'chain = "eip155:1"{text}')
    path.chmod(0o600)
    found = policy.load(path)
    assert isinstance(found, policy.SignerPolicy)
    assert found.gas_cap == 600_000


def test_the_policy_of_a_key_that_warns_can_be_used(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("[signals]" + PAGE.partition("```toml\n[signals]")[2].partition("```")[0])
    path.chmod(0o600)
    assert isinstance(policy.load(path), policy.StatementPolicy)
