"""The broker that `firebreak kafka up` leaves running, and how it is found again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox import fetch, process
from sandbox.kafka import LocalKafka
from sandbox.kafka_broker import properties_file
from sandbox.lock import locked
from schemas.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Running:
    """A broker in the background."""

    pid: int
    bootstrap: str


def status(folder: Path) -> Running | None:
    """Return the broker whose data is in `folder`, None when it does not run.

    A process counts only if its command line names that folder's settings: the number in the file
    may be another program's by now.
    """
    try:
        found = Running(**json.loads(_record(folder).read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"{_record(folder)} is damaged: {error}; remove it") from error
    return found if str(properties_file(folder)) in process.command_line(found.pid) else None


def up(folder: Path, cache: Path, port: int, report: fetch.Report) -> Running:
    """Return the broker of `folder`, started first if it does not run.

    Raises `ConfigurationError` when the port is taken or it runs on another one already.
    """
    with locked(folder / "lock"):
        found = status(folder)
        if found is None:
            found = _start(folder, cache, port, report)
        elif not found.bootstrap.endswith(f":{port}"):
            raise ConfigurationError(
                f"Kafka runs already, on {found.bootstrap}. Use that, or end it first: "
                "firebreak kafka down"
            )
    return found


def _start(folder: Path, cache: Path, port: int, report: fetch.Report) -> Running:
    libs, java = fetch.kafka_libs(cache, report), fetch.java(cache, report)
    kafka = LocalKafka(folder, libs, java, port)
    report(f"starting Kafka on {kafka.bootstrap}")
    kafka.start(detached=True)
    found = Running(kafka.pid, kafka.bootstrap)
    _record(folder).write_text(json.dumps(asdict(found)))
    return found


def down(folder: Path) -> Running | None:
    """End the broker of `folder`; return what was ended, None when nothing ran. Its data stays."""
    with locked(folder / "lock"):
        found = status(folder)
        if found is not None:
            process.end(found.pid)
        _record(folder).unlink(missing_ok=True)
    return found


def _record(folder: Path) -> Path:
    return folder / "running.json"
