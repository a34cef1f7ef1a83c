"""`firebreak audit`: proofs out, proofs checked, logs verified."""

import sqlite3
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from cli.audit_keep import engine_of
from cli.main import app
from forensics.record.database import shown
from forensics.record.leaf import leaf_of, message_in
from forensics.record.log_writer import LogWriter
from forensics.record.note import parse_key
from runtime.broker import Message
from runtime.settings import load
from runtime.signatures import generate, load_signer
from schemas.alerts import Alert
from schemas.codec import decode_from
from schemas.errors import ConfigurationError, PipelineError
from schemas.examples import FOLDER
from schemas.topics import ALERTS
from tests.forensic_log import (
    BRAKE,
    SIGNER,
    WITNESS,
    action,
    message,
    seal,
)
from tests.unit.cli.audit.logged import Run, decided


def test_a_proof_is_checked_offline_with_keys_and_anchors_alone(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proof, anchors = place / "one.tlog-proof", str(place / "anchors.json")
    assert run("prove", action(3).id, "--out", str(proof)).exit_code == 0
    for name in ("HOME", "FORENSICS__ORIGIN", "FORENSICS__SIGNING_KEY"):
        monkeypatch.delenv(f"FIREBREAK_{name}")  # on somebody else's machine
    told = run(
        "check", str(proof), "--key", str(SIGNER.key),
        "--witness", str(WITNESS.key), "--anchors", anchors,
    )  # fmt: skip

    assert told.exit_code == 0, told.output
    for said in ("proved: leaf 3", "seen by witness.example/w1", "on eip155:1 in block 9"):
        assert said in told.output
    assert action(3).id in told.output


def test_a_proof_that_proves_nothing_says_why(run: Run, place: Path) -> None:
    proof = place / "one.tlog-proof"
    run("prove", BRAKE, "--leaf", "3", "--out", str(proof))
    text = proof.read_text()
    lines = text.split("\n")
    changed = lines[1][:40] + ("A" if lines[1][40] != "A" else "B") + lines[1][41:]
    proof.write_text(text.replace(lines[1], changed))
    told = run("check", str(proof))
    assert told.exit_code == 1
    assert "proves nothing" in told.output

    proof.write_text(text)
    unseen = run("check", str(proof), "--witness", str(WITNESS.key).replace("w1", "w2"))
    assert isinstance(unseen.exception, ConfigurationError)  # that is no key
    assert run("check", str(proof), "--quorum", "1").exit_code == 1
    (place / "none.json").write_text("[]")
    told = run("check", str(proof), "--anchors", str(place / "none.json"))
    assert (told.exit_code, "not among the anchors" in told.output) == (1, True)


def test_a_whole_log_is_verified_against_what_lies_elsewhere(run: Run, place: Path) -> None:
    alone = run("verify")
    assert alone.exit_code == 0, alone.output
    assert "sound in itself, and held against nothing from elsewhere" in alone.output
    assert "entries of the index" in alone.output
    told = run("verify", "--anchors", str(place / "anchors.json"))
    assert told.exit_code == 0, told.output
    assert "21 leaves under 2 checkpoints, 1 roots from elsewhere" in told.output
    assert told.output.splitlines()[-1] == "sound"


def test_the_signature_of_an_alert_in_the_log_still_fits(run: Run, place: Path) -> None:
    signer = load_signer(generate(place / "trusted", "detector"))
    generate(place / "others", "another")
    value = (FOLDER / "alerts-v1" / "alert.json").read_bytes()
    signed = signer.sign(value, sequence=5, expires=9)
    alert = decode_from(ALERTS, value)
    engine = engine_of(load())
    with LogWriter.open(engine) as log:
        one = Message(ALERTS.name, 0, 0, b"meadow", value, signed)
        log.append([leaf_of(one)])
        seal(log)
        assert message_in(log.reader.leaf(21).entry or b"") == one
    engine.dispose()
    path = str(place / "alert.tlog-proof")
    assert isinstance(alert, Alert)
    assert run("prove", alert.id, "--leaf", "21", "--out", path).exit_code == 0

    told = run("check", path, "--trusted", str(place / "trusted"))
    assert (told.exit_code, f"signed by key {signer.key_id}" in told.output) == (0, True)
    told = run("check", path, "--trusted", str(place / "others"))
    assert (told.exit_code, "unknown key" in told.output) == (1, True)


def test_what_is_not_as_it_was_is_told_and_ends_with_one(run: Run, place: Path) -> None:
    kept = sqlite3.connect(place / "forensics" / "record.sqlite", isolation_level=None)
    garden = "replace(CAST(entry AS TEXT), 'meadow', 'garden')"
    for value, said in (
        (f"CAST({garden} AS BLOB)", "leaf 4 is not what its hash says"),
        (garden, "stands what no log writes"),  # text where bytes belong
    ):
        kept.execute(f"UPDATE leaves SET entry = {value} WHERE position = 4")
        told = run("verify")
        assert told.exit_code == 1
        assert said in told.output
    kept.close()


def test_an_act_before_its_intent_is_told(run: Run, place: Path) -> None:
    engine = engine_of(load())
    with LogWriter.open(engine) as log:
        log.append([leaf_of(message(2, action(4, "ab" * 32), 1))])
        seal(log)
    engine.dispose()
    told = run("verify")
    assert told.exit_code == 1
    assert "stands before its step 3" in told.output


def test_a_record_is_found_with_who_vouches_for_it(run: Run, place: Path) -> None:
    (found,) = orjson.loads(run("find", decided().id).output)
    assert (found["leaf"], found["sealed"], found["witnesses"]) == (11, 12, [WITNESS.key.name])
    assert found["anchor"]["block"] == 9


@pytest.mark.parametrize(
    "arguments",
    [
        ("prove", "0" * 64),
        ("prove", "nonsense"),
        ("prove", BRAKE, "--leaf", "99"),
        ("rederive", "1" * 64),
        ("verify", "--key", "nonsense"),
        ("verify", "--anchors", "/nowhere.json"),
        ("anchors", "/nowhere/out.json"),
    ],
)
def test_what_cannot_be_done_says_what_to_change(
    run: Run, place: Path, arguments: tuple[str, ...]
) -> None:
    told = run(*arguments)
    assert isinstance(told.exception, PipelineError), told.output


def test_without_a_log_there_is_nothing_to_verify(run: Run) -> None:
    told = run("verify")
    assert isinstance(told.exception, ConfigurationError)
    assert "no log" in str(told.exception)


@pytest.mark.parametrize(("kind", "type_"), [("log", 1), ("witness", 4)])
def test_a_key_is_made_apart_from_those_whose_alerts_are_believed(
    tmp_path: Path, kind: str, type_: int
) -> None:
    made = CliRunner().invoke(
        app, ["keys", kind, "example.org/firebreak", "--folder", str(tmp_path)]
    )
    assert made.exit_code == 0, made.output
    shown = made.output.rpartition("for those who check: ")[2].replace("\n", "")
    assert parse_key(shown).type == type_
    assert not list(tmp_path.glob("*.pub.pem"))
    secret = (tmp_path / kind / f"{kind}.pem").read_text()
    assert secret.splitlines()[1] not in made.output


def test_where_the_log_is_kept_is_said_once_and_shown_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    address = "postgresql://keeper:swordfish@db.example/record"
    file = tmp_path / "database"
    file.touch(mode=0o600)
    file.write_text(address)
    monkeypatch.setenv("FIREBREAK_FORENSICS__DATABASE_FILE", str(file))
    shown_ = shown(engine_of(load()))
    assert shown_ == "postgresql+psycopg://keeper:***@db.example/record"

    monkeypatch.setenv("FIREBREAK_FORENSICS__DATABASE", address)
    with pytest.raises(ConfigurationError, match="keep one of them"):
        engine_of(load())
    monkeypatch.delenv("FIREBREAK_FORENSICS__DATABASE_FILE")
    for other in ("mysql://db.example/record", "nonsense"):
        monkeypatch.setenv("FIREBREAK_FORENSICS__DATABASE", other)
        with pytest.raises(ConfigurationError, match=r"forensics\.database"):
            engine_of(load())
