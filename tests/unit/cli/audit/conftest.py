"""A log of its own for each test, and the command."""

from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from typer.testing import CliRunner, Result

from cli.audit_keep import engine_of
from cli.main import app
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import Anchored
from forensics.record.log_writer import LogWriter
from forensics.record.note import parse_note
from forensics.record.vouched import Vouched
from runtime.settings import load
from tests.forensic_log import (
    ORIGIN,
    WITNESS,
    action,
    leaves,
    message,
    private,
    seal,
)
from tests.unit.cli.audit.logged import Run, decided


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
