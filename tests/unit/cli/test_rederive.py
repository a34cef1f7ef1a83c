from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from cli import wiring
from cli.main import app
from responders.journal import Journal, read
from runtime.memory import MemoryBroker
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.topics import SIGNALS
from tests.unit.responders.bench import bench
from tests.unit.responders.examples import alert, vote
from tests.unit.responders.fakes import FakeChain
from tests.unit.responders.test_signal_intake import warning
from tests.unit.responders.warned import warned


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "journal.jsonl"
    with bench(path, FakeChain(102)) as responder:
        responder.receive(alert(1, votes=(vote("asset-outflow"),)))
        responder.receive(alert(2))
    return path


def run(path: Path) -> Result:
    return CliRunner().invoke(app, ["rederive", str(path)], catch_exceptions=False)


def test_what_a_responder_decided_is_decided_again(written: Path) -> None:
    result = run(written)
    assert result.exit_code == 0
    assert result.output.count("equal") == 2


def test_a_decision_that_its_numbers_do_not_lead_to_is_found(written: Path, tmp_path: Path) -> None:
    forged = tmp_path / "forged.jsonl"
    with Journal(forged) as journal:
        for entry in read(written):
            action = getattr(entry, "action", None)
            if action is not None and action.state == "refused":
                action = msgspec.structs.replace(action, state="authorised")
                entry = msgspec.structs.replace(entry, action=action)  # noqa: PLW2901 - forged
            journal.append(entry)
    result = run(forged)
    assert result.exit_code == 1
    assert "differs" in result.output


def test_numbers_of_an_earlier_version_are_said_to_lack_something(
    written: Path, tmp_path: Path
) -> None:
    older = tmp_path / "older.jsonl"
    with Journal(older) as journal:
        for entry in read(written):
            action = getattr(entry, "action", None)
            if action is not None:
                action = msgspec.structs.replace(action, terms=action.terms[1:])
                entry = msgspec.structs.replace(entry, action=action)  # noqa: PLW2901 - shortened
            journal.append(entry)
    result = run(older)
    assert result.exit_code == 1
    assert "lacks the term withdrawn" in " ".join(result.output.split())


def test_a_changed_byte_is_found(written: Path) -> None:
    written.write_bytes(written.read_bytes().replace(b'"refused"', b'"Refused"'))
    with pytest.raises(UnsafeToContinueError, match="not as it was written"):
        run(written)


def test_no_journal_is_no_decision(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        run(tmp_path / "nothing")


def test_what_it_heard_is_held_against_the_topic(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal.jsonl"
    made, listens = warned(journal, warning())
    empty = MemoryBroker()
    empty.create([SIGNALS])
    monkeypatch.setattr(wiring, "read_manifests", lambda _: {"meadow": listens})
    for broker, code, word in ((made.signals, 0, "equal"), (empty, 1, "unknown")):
        monkeypatch.setattr(wiring, "connect", lambda *_, broker=broker: broker)
        result = run(journal)
        assert (result.exit_code, word in result.output) == (code, True), result.output

    def gone(*_: object) -> None:
        raise TransientError("no broker answers")

    monkeypatch.setattr(wiring, "connect", gone)
    assert "no broker answers" in " ".join(run(journal).output.split())
