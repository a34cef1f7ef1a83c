"""A witness (C2SP tlog-witness): vouches that a log only ever grew.

Of each log it remembers the newest checkpoint that it cosigned. It cosigns another only with a
proof that the other continues that one: a fork, a rollback or a rewritten leaf gets no cosignature.
"""

import base64
import binascii
import fcntl
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from forensics.record.checkpoint import Checkpoint, parse_checkpoint
from forensics.record.errors import UntrustedError
from forensics.record.merkle import EMPTY_ROOT, HASH_BYTES, LONGEST_PROOF, check_consistency
from forensics.record.note import LONGEST_NOTE, Key, Line, Note, NoteSigner, parse_note
from runtime.durable import replace_synced
from schemas.errors import ConfigurationError, UnsafeToContinueError

LONGEST_REQUEST = LONGEST_NOTE + 64 * 64
"""Bytes: a note, and as many lines of a proof as there may be."""

_LONGEST_SIZE = 19
_OPEN = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


class RefusedError(UntrustedError):
    """No cosignature; `status` is HTTP's, `size` what the witness knows of, where that helps."""

    def __init__(self, status: int, reason: str, size: int | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.size = size


class Request(NamedTuple):
    """A checkpoint to be cosigned, and the proof that it continues the one of `old` leaves."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes

    def __bytes__(self) -> bytes:
        lines = [f"old {self.old}", *(base64.b64encode(node).decode() for node in self.proof)]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint


def parse_request(body: bytes) -> Request:
    """Read the body of `add-checkpoint`. Raises `RefusedError` (400) for what is none."""
    head, gap, checkpoint = body.partition(b"\n\n")
    try:
        first, *lines = head.decode().split("\n")
        proof = tuple(base64.b64decode(line, validate=True) for line in lines)
    except (UnicodeDecodeError, binascii.Error, ValueError) as error:
        raise RefusedError(400, "a request is text, its proof base64") from error
    digits = first.removeprefix("old ")
    if not gap or not (digits.isascii() and digits.isdigit()) or len(digits) > _LONGEST_SIZE:
        raise RefusedError(400, "a request begins with `old SIZE` and ends with a checkpoint")
    if len(proof) > LONGEST_PROOF or any(len(node) != HASH_BYTES for node in proof):
        raise RefusedError(400, f"a proof is at most {LONGEST_PROOF} hashes")
    found = Request(int(digits), proof, checkpoint)
    if bytes(found) != body:
        raise RefusedError(400, "a request has one way to be written, and this is another")
    return found


class _Seen(msgspec.Struct, frozen=True):
    size: int
    root: str


class WitnessMemory:
    """What a witness cosigned last, by log, in one file; what was kept survives a crash.
    Processes that share it take turns."""

    def __init__(self, path: Path, *, new: bool = False) -> None:
        """`new`: a witness that never cosigned anything begins its memory here.

        Raises `ConfigurationError` when the file is not what it should be, is there although the
        witness is new, or is not there although it is not: a memory that was lost looks like one
        that never was, and only who runs it knows.
        """
        self._path = path
        self._seen: dict[str, _Seen] = {}
        if new:
            self._begin()
        self._seen = self._read()

    def _begin(self) -> None:
        if self._path.exists():
            raise ConfigurationError(f"{self._path}: it has a memory, so it is not new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_synced(self._path, b"{}")
        except OSError as error:
            raise ConfigurationError(f"{self._path}: {error.strerror}") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process from it meanwhile, and see what they kept before.

        Raises `ConfigurationError` for a file that is not what it should be, or is older than what
        was seen of it; `UnsafeToContinueError` when it cannot be locked.
        """
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._path.with_name(f"{self._path.name}.lock"), _OPEN, 0o600)
        except OSError as error:
            raise UnsafeToContinueError(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._seen = self._read()
            yield
        finally:
            os.close(handle)

    def _read(self) -> dict[str, _Seen]:
        try:
            found = msgspec.json.decode(self._path.read_bytes(), type=dict[str, _Seen])
        except FileNotFoundError as error:
            raise self._astray("it is gone; who never cosigned begins by --new") from error
        except (OSError, msgspec.MsgspecError) as error:
            raise self._astray(str(error)) from error
        for origin, seen in self._seen.items():
            if origin not in found or found[origin].size < seen.size:
                raise self._astray(f"{seen.size} leaves of {origin} were cosigned, it knows less")
        return found

    def _astray(self, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"{self._path}: a witness without its memory could be led astray ({why}); restore it, "
            "or begin with another key"
        )

    def newest(self, origin: str) -> tuple[int, bytes]:
        """Return size and root of what was cosigned last, of an empty log before the first."""
        seen = self._seen.get(origin)
        return (seen.size, bytes.fromhex(seen.root)) if seen else (0, EMPTY_ROOT)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Remember this one. Raises `UnsafeToContinueError` when the disk does not take it."""
        seen = _Seen(checkpoint.size, checkpoint.root.hex())
        after = self._seen | {checkpoint.origin: seen}
        try:
            replace_synced(self._path, msgspec.json.encode(after))
        except OSError as error:
            raise UnsafeToContinueError(f"{self._path}: {error.strerror}") from error
        self._seen = after


class Witness:
    """Cosigns checkpoints of the logs that it knows. Safe from any thread."""

    def __init__(
        self,
        signer: NoteSigner,
        logs: Iterable[Key],
        memory: WitnessMemory,
        seconds: Callable[[], int],
    ) -> None:
        """`seconds` is the time since 1970."""
        self.key = signer.key
        self._signer = signer
        self._logs = {log.name: log for log in logs}
        self._memory = memory
        self._seconds = seconds
        self._turn = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Line:
        """Return the cosignature of a checkpoint. Raises `RefusedError` with the reason."""
        request = parse_request(body)
        checkpoint, note = self._believed(request.checkpoint)
        if request.old > checkpoint.size:
            raise RefusedError(400, "the old size is larger than the checkpoint's")
        with self._turn, self._memory.held():
            size, root = self._memory.newest(checkpoint.origin)
            if request.old != size:
                raise RefusedError(409, f"the newest one cosigned here has {size} leaves", size)
            if size == checkpoint.size and size and root != checkpoint.root:
                raise RefusedError(409, f"another root of {size} leaves was cosigned here", size)
            try:
                check_consistency(size, checkpoint.size, request.proof, root, checkpoint.root)
            except UntrustedError as error:
                raise RefusedError(422, str(error)) from error
            self._memory.keep(checkpoint)
            return self._signer.cosign(note.text, self._seconds())

    def _believed(self, data: bytes) -> tuple[Checkpoint, Note]:
        try:
            note = parse_note(data)
            checkpoint = parse_checkpoint(note.text)
        except UntrustedError as error:
            raise RefusedError(400, str(error)) from error
        log = self._logs.get(checkpoint.origin)
        if log is None:
            raise RefusedError(404, "this log is not known here")
        signed = False
        with suppress(UntrustedError):
            signed = log in note.signed_by([log])
        if not signed:
            raise RefusedError(403, "the log's signature is missing or does not fit")
        return checkpoint, note
