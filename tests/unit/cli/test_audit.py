"""`firebreak audit`: proofs out, proofs checked, logs verified, decisions derived again."""

import sqlite3
import zlib
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from cli import wiring
from cli.audit_keep import engine_of
from cli.main import app
from cli.rederive import hearing_again
from forensics.record import recorded
from forensics.record.database import shown
from forensics.record.leaf import leaf_of, message_in
from forensics.record.log_reader import Anchored, LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.note import parse_key, parse_note
from forensics.record.recorded import Recorded
from forensics.record.vouched import Vouched
from responders import tightening
from responders.decision import judge
from responders.entries import Step
from responders.inputs import inputs_of
from responders.journal import Journal, read
from responders.outlook import Account
from responders.rederive import rederive as derived
from runtime.broker import Broker, Message, Partition
from runtime.settings import load
from runtime.signatures import generate, load_signer
from schemas.actions import Action, Cited
from schemas.alerts import Alert
from schemas.codec import decode_from, encode
from schemas.errors import ConfigurationError, PipelineError, TransientError
from schemas.examples import FOLDER
from schemas.topics import ACTIONS, ALERTS, SIGNALS, TopicSpec
from tests.forensic_log import (
    BRAKE,
    ORIGIN,
    SIGNER,
    WITNESS,
    action,
    leaves,
    message,
    private,
    seal,
)
from tests.unit.responders.bench import Assembly, Beside
from tests.unit.responders.examples import START
from tests.unit.responders.fakes import SIGNER as SIGNS
from tests.unit.responders.fakes import chain_at
from tests.unit.responders.test_signal_intake import WEAK, careful, warning

Run = Callable[..., Result]

ALERT = (FOLDER / "alerts-v1" / "alert.json").read_bytes()


def decided() -> Action:
    """A decision with every number that it rests on."""
    record = decode_from(ACTIONS, (FOLDER / "actions-v1" / "action.json").read_bytes())
    assert isinstance(record, Action)
    return record


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    key = tmp_path / "log.pem"
    key.touch(mode=0o600)
    key.write_bytes(private("log").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path))
    monkeypatch.setenv("FIREBREAK_FORENSICS__ORIGIN", ORIGIN)
    monkeypatch.setenv("FIREBREAK_FORENSICS__SIGNING_KEY", str(key))

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["audit", *arguments])

    return invoke


@pytest.fixture
def place(run: Run, tmp_path: Path) -> Path:
    """A log of 21 leaves, cosigned and anchored as far as its 12th."""
    engine = engine_of(load())
    with LogWriter.open(engine) as log:
        log.append(leaves(10))
        log.append([leaf_of(message(0, action(0, decided().action), 1))])
        log.append([leaf_of(message(1, decided(), 1))])
        sealed = seal(log)
        note = parse_note(sealed.note.encode())
        vouched = Vouched(engine)
        vouched.cosigned(sealed.size, str(note.with_lines([WITNESS.cosign(note.text, 7)])))
        anchor = Anchored(sealed.size, sealed.root, "eip155:1", "0x" + "1" * 40, "0x" + "2" * 64, 9)
        vouched.anchored([anchor], up_to=sealed.size)
        log.append(leaves(9, 10))
        seal(log)
    engine.dispose()
    rows = [anchor._asdict() | {"root": anchor.root.hex()}]
    (tmp_path / "anchors.json").write_bytes(orjson.dumps(rows))
    return tmp_path


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
    assert "held against nothing from elsewhere" in alone.output
    told = run("verify", "--anchors", str(place / "anchors.json"))
    assert told.exit_code == 0, told.output
    assert "21 leaves under 2 checkpoints, 1 roots from elsewhere" in told.output
    assert "sound" in told.output


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


def test_a_decision_is_derived_again_from_what_was_recorded(run: Run, place: Path) -> None:
    record((ALERTS, ALERT))
    told = run("rederive", decided().action)
    assert told.exit_code == 0, told.output
    assert told.output.count("equal") == 2, "the numbers, and what it cites"


def test_what_a_decision_cites_has_to_be_in_the_log_to_the_last_byte(run: Run, place: Path) -> None:
    def rederived(one: Action) -> str:
        told = run("rederive", one.action)
        assert told.exit_code == 1, told.output
        return " ".join(told.output.split())

    assert "is no leaf of the log" in rederived(decided())
    record((ALERTS, ALERT.replace(b'"block": 21402118', b'"block": 21402119')))
    assert "block: the alert says 21402119" in rederived(with_fields("block", alert_block=21402118))

    digest = sha256(ALERT).hexdigest()
    cited = with_fields("bytes", cites=(Cited(alert=decided().alert, sha256=digest),))
    assert "other bytes: SHA-256" in rederived(cited)
    record((ALERTS, ALERT))
    told = run("rederive", cited.action)
    assert told.exit_code == 0, "another of that name stands beside it"

    kept = sqlite3.connect(place / "forensics" / "record.sqlite", isolation_level=None)
    other = "CAST(replace(CAST(entry AS TEXT), 'critical', 'low') AS BLOB)"
    kept.execute(f"UPDATE leaves SET entry = {other} WHERE topic = 'alerts-v1'")
    kept.close()
    assert "other bytes" in rederived(cited)


def test_numbers_that_the_alert_does_not_bear_out_are_found(run: Run, place: Path) -> None:
    """Consistent with themselves, and about an alert that says 2e-5 and two detectors."""
    record((ALERTS, ALERT))
    lies: dict[str, Any] = {
        "p_value": 1e-12,
        "detectors_agreeing": 9,
        "families_agreeing": 5,
        "rules_broken": 3,
    }
    given = inputs_of("T2", decided().also_stops, decided().terms)
    terms = judge(replace(given, **lies)).terms
    digest = sha256(ALERT).hexdigest()
    cites = (Cited(alert=decided().alert, sha256=digest),)
    lie = with_fields("lie", terms=terms[:32], further=terms[32:], cites=cites)
    assert derived(lie).equal, "its own numbers lead to it"
    told = run("rederive", lie.action)
    assert told.exit_code == 1, told.output
    said = " ".join(told.output.split())
    for name in lies:
        assert f"{name}: the decision says" in said, said


def test_only_a_tightening_is_decided_on_no_alert(run: Run, place: Path) -> None:
    own = with_fields("own", incident=decided().alert)
    told = run("rederive", own.action)
    assert told.exit_code == 1, told.output
    assert "is no leaf of the log" in " ".join(told.output.split()), "it named itself its incident"
    given = tightening.Excess(
        worst_loss=9.0,
        allowable_loss=1.0,
        bucket_capacity=5.0,
        bucket_refill=0.0,
        response=60.0,
        brakes_left=1.0,
    )
    terms = tightening.judge(given, "T1").terms
    fields = {"state": "authorised", "scope": "T1", "terms": terms, "further": (), "heard": None}
    tightens = with_fields("tightens", incident=decided().alert, **fields)
    told = run("rederive", tightens.action)
    assert told.exit_code == 0, told.output
    astray = with_fields("astray", **fields)
    assert astray.alert != astray.incident
    assert run("rederive", astray.action).exit_code == 1, "an alert that it names has to be there"


def test_a_decision_that_was_put_into_the_database_is_no_leaf(run: Run, place: Path) -> None:
    record((ALERTS, ALERT))
    kept = sqlite3.connect(place / "forensics" / "record.sqlite", isolation_level=None)
    other = "CAST(replace(CAST(entry AS TEXT), 'outweighs', 'OUTWEIGHS') AS BLOB)"
    kept.execute(f"UPDATE leaves SET entry = {other} WHERE position = 11")
    kept.close()
    told = run("rederive", decided().action)
    said = " ".join(told.output.split())
    assert (told.exit_code, "the proof does not lead from" in said) == (1, True), said


def test_what_it_had_heard_is_held_against_the_log_itself(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens, journal = careful(), place / "journal.jsonl"
    with Journal(journal) as entries:
        bench = Assembly(
            entries, chain_at(), Account(SIGNS.address, SIGNS), listens, beside=Beside()
        )
        bench.warn(warning())
        bench.receive(WEAK)
    steps = [one.action for one in read(journal) if isinstance(one, Step)]
    monkeypatch.setattr(wiring, "read_manifests", lambda _: {"meadow": listens})

    def gone(*_: object) -> None:
        raise TransientError("no broker answers")

    monkeypatch.setattr(wiring, "connect", gone)
    record((ALERTS, encode(WEAK)), *((ACTIONS, encode(step)) for step in steps))
    told = run("rederive", steps[0].action)
    assert told.exit_code == 1
    assert "no broker answers" in " ".join(told.output.split()), "the log has no signals yet"
    record((SIGNALS, encode(warning())), key=warning().issuer.encode())
    told = run("rederive", steps[0].action)
    assert told.exit_code == 0, told.output
    assert told.output.count("equal") == 3
    assert any(step.cites for step in steps)


def test_a_log_that_lacks_a_signal_is_not_taken_for_the_topic(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listens, journal = careful(), place / "journal.jsonl"
    said = tuple(warning(expiry=START + 3600 + place) for place in range(3))
    with Journal(journal) as entries:
        bench = Assembly(
            entries, chain_at(), Account(SIGNS.address, SIGNS), listens, beside=Beside()
        )
        bench.warn(*said)
        bench.receive(WEAK)
    steps = [one.action for one in read(journal) if isinstance(one, Step)]
    monkeypatch.setattr(wiring, "read_manifests", lambda _: {"meadow": listens})
    asked: list[object] = []

    def topic(*_: object) -> Broker:
        asked.append(None)
        return bench.signals

    monkeypatch.setattr(wiring, "connect", topic)
    key = said[0].issuer.encode()
    record((ALERTS, encode(WEAK)), *((ACTIONS, encode(step)) for step in steps))
    record((SIGNALS, encode(said[0])), key=key)
    record((SIGNALS, encode(said[2])), key=key, left_out=1)
    told = run("rederive", steps[0].action)
    assert told.exit_code == 0, told.output
    assert asked, "of the second signal there is no leaf"

    looked: list[LogReader] = []

    def look(log: LogReader) -> Recorded:
        looked.append(log)
        return Recorded(log)

    monkeypatch.setattr(recorded, "Recorded", look)
    engine = engine_of(load())
    hear = hearing_again(None, LogReader(engine))
    assert [list(hear(steps[0])) for _ in range(3)] == [[]] * 3
    engine.dispose()
    assert len(looked) == 1, "the whole log is looked through once, not for every decision"


def record(*values: tuple[TopicSpec, bytes], key: bytes = b"meadow", left_out: int = 0) -> None:
    """Let the log go on by these records, each behind what its topic has, and so many that are
    left out."""
    engine = engine_of(load())
    with LogWriter.open(engine) as log:
        for spec, value in values:
            number = zlib.crc32(key) % spec.partitions
            end = log.ends.get(Partition(spec.name, number), 0) + left_out
            log.append([leaf_of(Message(spec.name, number, end, key, value, ()))])
        seal(log)
    engine.dispose()


def with_fields(name: str, **changes: Any) -> Action:
    """Record the decision as another action's, with these changes."""
    action = sha256(name.encode()).hexdigest()
    made = msgspec.structs.replace(
        decided(), id=sha256(action.encode()).hexdigest(), action=action, **changes
    )
    record((ACTIONS, encode(made)))
    return made


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
