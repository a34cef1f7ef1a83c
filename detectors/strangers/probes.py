"""A detector that tries everything a stranger must not do, to prove that it cannot.

`prove` runs it in a process confined like any other stranger's and reports, misdeed by misdeed,
whether it was stopped. What holds on one machine need not hold on another: kernels differ.
"""

import ctypes
import math
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast

from detectors import samples
from detectors.api import Detector, Explanation, Features, Spec, State
from detectors.guarded import sound, usable
from detectors.strangers import messages as m
from detectors.strangers.outside import Stranger, StrangerError
from schemas.alerts import Reason
from schemas.chain import Transaction

NAME = "probe"
ENTRY = f"{__name__}:Probe"


@dataclass(frozen=True, slots=True)
class Proof:
    """One limit, and what happened when it was tried."""

    limit: str
    held: bool
    detail: str


class Probe(Detector):
    """Does the misdeed that its protocol is called by, on every transaction."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.0.0",
        summary="Tries what a stranger must not do.",
        technique="ADT3012",
        warm_up=0,
        false_positives=("everything",),
        blind_spots=("everything",),
    )

    def features(self, tx: Transaction) -> Features:
        """Do it, if it is done here; a feature says that nothing stopped it."""
        deed = _DEEDS.get(self.scope.protocol)
        if deed is not None:
            deed(tx)
        if self.scope.protocol == "answers without end":
            return {f"{number:0128}": 1.0 for number in range(100_000)}
        if self.scope.protocol == "gives a feature that is no number":
            return {"feature": math.nan}
        return {"done": 1.0}

    def score_one(self, x: Features) -> float:
        """Return what no score may be."""
        if self.scope.protocol == "changes its input":
            cast("dict[str, float]", x).clear()
        scores = {"scores below nought": -1.0, "scores what is no number": math.nan}
        return scores.get(self.scope.protocol, 1.0)

    def learn_one(self, x: Features, weight: float) -> None:
        """Learn nothing."""

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Return what fits into no alert."""
        del x, tx
        return Explanation((Reason(feature="", observed=0.0, expected=0.0, distance=0.0, unit="",
                                   text="words " * 1_000),))  # fmt: skip

    def dump(self) -> State:
        """Return a state, as large as asked."""
        return {"kept": "x" * 2 * m.MAX_STATE_BYTES * (self.scope.protocol == "hoards")}

    def load(self, state: State) -> None:
        """Forget it."""


def _loop(_tx: Transaction) -> None:
    while True:
        pass


def _allocate(_tx: Transaction) -> None:
    kept = []
    while True:
        kept.append(bytearray(16 * 1024 * 1024))


def _sleep(_tx: Transaction) -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()


def _fork(_tx: Transaction) -> None:
    if os.fork() == 0:
        os._exit(0)


def _write(_tx: Transaction) -> None:
    (Path(tempfile.gettempdir()) / "firebreak-probe").write_text("x")


def _environment(_tx: Transaction) -> None:
    if not any(name.startswith(("FIREBREAK", "HOME", "KAFKA", "PATH")) for name in os.environ):
        raise PermissionError("it holds nothing of ours")


def _descriptors(_tx: Transaction) -> None:
    for number in range(64):
        with suppress(OSError):
            if number > 2 and not _is_pipe(number):
                return
    raise PermissionError("it has none but its own two pipes")


def _is_pipe(number: int) -> bool:
    return (os.fstat(number).st_mode & 0o170000) == 0o010000


def _handle_time_limit(_tx: Transaction) -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)


def _lift_limits(_tx: Transaction) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (-1, -1))


def _change(tx: Transaction) -> None:
    tx.logs[0].arguments["value"] = "0"


def _fail(_tx: Transaction) -> None:
    raise RuntimeError("it does not work")


def _die(_tx: Transaction) -> None:
    os._exit(3)


def _crash(_tx: Transaction) -> None:
    ctypes.string_at(0)


_DEEDS: Mapping[str, Callable[[Transaction], Any]] = {
    "loops without end": _loop,
    "allocates without end": _allocate,
    "sleeps without end": _sleep,
    "forks": _fork,
    "starts a thread": lambda _tx: threading.Thread(target=int).start(),
    "runs a program": lambda _tx: subprocess.run(["/bin/true"], check=True),
    "opens a socket": lambda _tx: socket.socket(),
    "signals its parent": lambda _tx: os.kill(os.getppid(), 0),
    "writes a file": _write,
    "reads a file that is no library": lambda _tx: Path("/etc/passwd").read_bytes(),
    "reads its parent's environment": lambda _tx: Path(
        f"/proc/{os.getppid()}/environ"
    ).read_bytes(),
    "finds our settings in its own environment": _environment,
    "finds files that we have open": _descriptors,
    "ignores the kernel's time limit": _handle_time_limit,
    "lifts its limits": _lift_limits,
    "changes the transaction": _change,
    "raises": _fail,
    "ends itself": _die,
    "crashes": _crash,
}

MISDEEDS = (
    *_DEEDS,
    "answers without end",
    "gives a feature that is no number",
    "changes its input",
    "scores below nought",
    "scores what is no number",
    "hoards",
)
"""Everything that is tried; each is also what the probe's protocol is called."""


def prove() -> Iterator[Proof]:
    """Try every misdeed, one after another, and report. Raises `ConfigurationError` where a process
    cannot be confined at all."""
    stranger = Stranger(NAME, ENTRY)
    try:
        for number, misdeed in enumerate(MISDEEDS):
            yield _tried(stranger, number, misdeed)
    finally:
        stranger.end()


def _tried(stranger: Stranger, number: int, misdeed: str) -> Proof:
    tx = next(samples.transactions(1))
    try:
        stranger.ask(m.Make(number, samples.CHAIN, misdeed, None, None), m.Done)
        x = usable(stranger.ask(m.Look(number, tx), m.Featured).x, frozenset())
        sound(stranger.ask(m.Score(number, x), m.Scored).score)
        stranger.ask(m.Dump(number), m.Dumped)
    except StrangerError as error:
        return Proof(misdeed, held=True, detail=f"{error.why}: {error}")
    except ValueError as error:
        return Proof(misdeed, held=True, detail=f"answer: {error}")
    return Proof(misdeed, held=False, detail="nothing stopped it")
