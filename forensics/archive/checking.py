"""Whether an archive is whole: every file there as it was written, every stretch without a gap."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.archive.register import File, Register, digest
from runtime.broker import Partition
from schemas.errors import UnsafeToContinueError


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is of one topic."""

    topic: str
    records: int
    files: int
    bytes: int


def extents(register: Register) -> list[Extent]:
    """Return how much there is of each topic."""
    found = []
    for topic in register.topics():
        files = [
            file
            for number in register.partitions(topic)
            for entry in register.entries(Partition(topic, number))
            for file in entry.files
        ]
        rows, size = sum(file.rows for file in files), sum(file.bytes for file in files)
        found.append(Extent(topic, rows, len(files), size))
    return found


def faults(register: Register) -> Iterator[str]:
    """Yield one sentence for each file that is not as it was written, and for each gap."""
    for topic in register.topics():
        for number in register.partitions(topic):
            try:
                entries = register.entries(Partition(topic, number))
            except UnsafeToContinueError as error:
                yield str(error)
                continue
            for entry in entries:
                for file in entry.files:
                    if not _is_as_written(register.root / file.path, file):
                        yield f"{file.path}: missing, or not as it was written"


def losses(register: Register) -> Iterator[str]:
    """Yield one sentence for each stretch that its topic dropped before it was kept."""
    for topic in register.topics():
        for number in register.partitions(topic):
            for entry in register.entries(Partition(topic, number)):
                if entry.lost:
                    yield f"{topic}[{number}]: {entry.first} to {entry.end} were never kept"


def _is_as_written(path: Path, file: File) -> bool:
    try:
        return digest(path) == file.sha256
    except OSError:
        return False
