"""What the service holds of a stranger: its process, and a guard for each protocol.

A stranger that loops, takes too much memory, dies, raises or answers nonsense gets a strike; its
transaction has no opinion from it and everybody else goes on as if it were not there. Its process
is started again when it had to be ended, and knows afterwards what it knew before: the last state
that it gave, and all that it was taught since. After `MAX_STRIKES` it is off until the service
starts again, which is for a person to decide; good answers take strikes back, slowly.
"""

import weakref
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from detectors.api import Explanation, Features, Scope, Spec, State, Unlearned
from detectors.guarded import MAX_FAULTS, printable, sound, usable
from detectors.strangers import messages as m
from runtime.confinement.outside import (
    MAX_FRAME_BYTES,
    ConfinedProcess,
    OutOfBoundsError,
    modules_path,
)
from schemas.chain import Transaction
from schemas.errors import ConfigurationError

CALL_SECONDS = 1.0
"""CPU time for one answer: two hundred times what the conformance suite grants on average."""

BEGIN_SECONDS = 20.0
"""CPU time to import Firebreak's part and the stranger's."""

CHECK_SECONDS = 60.0
"""CPU time for the whole conformance suite."""

MAX_STRIKES = 5
FORGIVEN_AFTER = 1_000
"""Good answers that make up for one strike."""

MAX_LESSONS = 5_000
"""Lessons, counted by their features, that are kept to be taught again; then the state is asked
for."""

T = TypeVar("T")
Answer = TypeVar("Answer", bound=m.Answer)

_INSIDE = "detectors.strangers.inside"


class StrangerError(Exception):
    """A stranger did not answer as it has to; `why` is a closed list, for a metric."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


class Stranger:
    """One plug-in in a process of its own, for all protocols. Started on construction."""

    def __init__(self, name: str, entry: str) -> None:
        """`entry` as in an entry point: `package.module:Class`. Raises `ConfigurationError` when it
        cannot be imported or confined."""
        self.name = name
        self.strikes = 0
        self.off = False
        self.incarnation = 0
        """Counts the processes; a guard knows by it that its detector is gone."""
        self.spec: Spec
        self._entry = entry
        self._good = 0
        self._scopes = 0
        self._gone: list[int] = []
        self._process: ConfinedProcess | None = None
        self._running = False
        try:
            self._tell()
            self.spec = self._hear()
        except StrangerError as error:
            self.end()
            raise ConfigurationError(f"plug-in {name} cannot be run: {error}") from error

    def guard(self, name: str, scope: Scope) -> "Confined":
        """Return a new detector of this plug-in for a protocol."""
        self._scopes += 1
        made = Confined(self, name, self._scopes, scope)
        weakref.finalize(made, self._gone.append, self._scopes)
        return made

    def make(self, question: m.Make) -> None:
        """Have a detector made, and those forgotten that nobody holds any more."""
        gone, self._gone[:] = tuple(self._gone), []
        self.ask(msgspec.structs.replace(question, gone=gone), m.Done, BEGIN_SECONDS)

    def check(self) -> tuple[tuple[str, str], ...]:
        """Run the conformance suite where the detector runs; return (rule, failure)."""
        return self.ask(m.Check(), m.Checked, CHECK_SECONDS).failures

    def ask(
        self, question: m.Question, kind: type[Answer], seconds: float = CALL_SECONDS
    ) -> Answer:
        """Return the answer. Raises `StrangerError`; whether that is a strike, the caller says."""
        if not self._running:
            self._tell()
            self._hear()
        return self._exchange(question, kind, seconds)

    def ready(self) -> bool:
        """Say whether it runs; if not, have it started and go on. Raises `StrangerError` when that
        fails."""
        if self._process is None:
            self._tell()
        if not self._running and self._process is not None:
            try:
                if self._process.answered():
                    self._hear()
            except OutOfBoundsError as error:
                self._process = None
                raise StrangerError(error.why, str(error)) from error
        return self._running

    def _tell(self) -> None:
        """Start a process and have it import the detector."""
        begin = m.Begin(self._entry, tuple(modules_path()))
        try:
            self._process = ConfinedProcess(_INSIDE)
            self._process.tell(m.encode(begin), BEGIN_SECONDS)
        except (ConfigurationError, OutOfBoundsError) as error:
            self._process = None
            raise StrangerError("died", str(error)) from error

    def _hear(self) -> Spec:
        """Wait until it has."""
        try:
            spec = self._answer(m.Ready).spec
        except StrangerError:
            self.end()
            raise
        self._running = True
        self.incarnation += 1
        return spec

    def _exchange(self, question: m.Question, kind: type[Answer], seconds: float) -> Answer:
        data = m.encode(question)
        if len(data) > MAX_FRAME_BYTES:
            raise StrangerError("size", f"the question has {len(data):,} bytes")
        if self._process is not None:
            try:
                self._process.tell(data, seconds)
            except OutOfBoundsError as error:
                self.end()
                raise StrangerError(error.why, str(error)) from error
        return self._answer(kind)

    def _answer(self, kind: type[Answer]) -> Answer:
        largest = m.MAX_STATE_BYTES + 64 if kind is m.Dumped else m.MAX_ANSWER_BYTES
        if self._process is None:
            raise StrangerError("died", "it does not run")
        try:
            answer = m.answer(self._process.answer(largest))
        except OutOfBoundsError as error:
            self.end()
            raise StrangerError(error.why, str(error)) from error
        except ValueError as error:
            self.end()
            raise StrangerError("answer", str(error)) from error
        if isinstance(answer, m.Failed):
            why = "memory" if answer.reason.startswith("MemoryError") else "raised"
            raise StrangerError(why, answer.reason)
        if not isinstance(answer, kind):
            self.end()
            raise StrangerError("answer", f"{type(answer).__name__} is no answer to that")
        return answer

    def strike(self) -> None:
        """Count a failure; the last one switches the plug-in off."""
        self.strikes += 1
        self._good = 0
        if self.strikes >= MAX_STRIKES:
            self.off = True
            self.end()

    def praise(self) -> None:
        """Count a good answer."""
        if self.strikes:
            self._good += 1
            if self._good >= FORGIVEN_AFTER:
                self.strikes, self._good = self.strikes - 1, 0

    def end(self) -> None:
        """End its process; the next question starts another."""
        self._running = False
        if self._process is not None:
            self._process.end()
            self._process = None


class Confined:
    """One stranger's detector for one protocol."""

    ours = False

    def __init__(self, stranger: Stranger, name: str, number: int, scope: Scope) -> None:
        self.name = name
        self.spec = stranger.spec
        self._stranger = stranger
        self._number = number
        self._scope = scope
        self._state: str | None = None
        """JSON, kept as text: what a stranger writes is not ours to parse."""
        self._lessons: list[tuple[dict[str, float], float]] = []
        self._room = MAX_LESSONS
        self._made_in = 0
        self._faults: list[str] = []

    def attend(self, waiting: Unlearned) -> None:
        """Do nothing: what waits is the host's."""

    def features(self, tx: Transaction, without: frozenset[str]) -> Features | None:
        """Return the features that are left, None when it failed or is off."""
        look = m.Look(self._number, tx)
        return self._try("features", lambda: usable(self._ask(look, m.Featured).x, without), None)

    def score_one(self, x: Features) -> float:
        """Return the score, 0 when it failed."""
        question = m.Score(self._number, dict(x))
        return self._try(
            "score_one", lambda: sound(self._ask(question, m.Scored).score), 0.0, praise=True
        )

    def lesson(self, x: Features) -> Features:
        """Return all features: an answer with more than a few hundred was none."""
        return x

    def learn_one(self, x: Features, weight: float) -> None:
        """Let it learn; while it is being started again, the lesson is kept for then."""
        if self._stranger.off:
            return
        lesson = (dict(x), weight)
        if self._ready() and not self._taught(lesson):
            return  # what it cannot learn, it is not taught again
        self._lessons.append(lesson)
        self._room -= 1 + len(x)
        if self._room < 0:
            self._try("dump", self._keep, None)
        while self._room < 0:  # it gave no state: the oldest lesson is lost
            self._room += 1 + len(self._lessons.pop(0)[0])

    def _taught(self, lesson: tuple[dict[str, float], float]) -> bool:
        question = m.Learn(self._number, (lesson,))
        return self._try("learn_one", lambda: self._ask(question, m.Done), None) is not None

    def explain_one(self, x: Features, tx: Transaction) -> Explanation:
        """Return its reasons, none when it failed."""
        question = m.Explain(self._number, dict(x), tx)
        return self._try(
            "explain_one",
            lambda: printable(self._ask(question, m.Explained).explanation),
            Explanation(),
        )

    def dump(self) -> dict[str, Any]:
        """Return what it last said that it knows; while it fails, that is what there is."""
        if self._lessons:
            self._try("dump", self._keep, None)
        return {"state": self._state}

    def load(self, state: State) -> None:
        """Become what `dump` described, at the next question."""
        self._state, self._lessons, self._room = state["state"], [], MAX_LESSONS
        self._made_in = 0

    def take_faults(self) -> list[str]:
        """Return what went wrong since the last call."""
        faults, self._faults = self._faults, []
        return faults

    def _keep(self) -> None:
        state = self._ask(m.Dump(self._number), m.Dumped).state.decode()
        self._state, self._lessons, self._room = state, [], MAX_LESSONS

    def _ask(self, question: m.Question, kind: type[Answer]) -> Answer:
        if self._made_in != self._stranger.incarnation:
            self._make()
        return self._stranger.ask(question, kind)

    def _make(self) -> None:
        """Bring the detector to life in the process that runs now: its last state, and the lessons
        since."""
        manifest = self._scope.manifest
        described = None if manifest is None else manifest.model_dump_json()
        scope = (self._number, self._scope.chain, self._scope.protocol, described)
        state = None if self._state is None else self._state.encode()
        self._stranger.make(m.Make(*scope, state))
        if self._lessons:
            again = m.Learn(self._number, tuple(self._lessons))
            self._stranger.ask(again, m.Done, BEGIN_SECONDS)
        self._made_in = self._stranger.incarnation

    def _ready(self) -> bool:
        if self._stranger.off:
            return False
        try:
            return self._stranger.ready()
        except StrangerError as error:
            self._failed("start", error)
            return False

    def _try(self, step: str, ask: Callable[[], T], otherwise: T, *, praise: bool = False) -> T:
        if not self._ready():
            return otherwise
        try:
            answer = ask()
        except (StrangerError, ValueError) as error:
            self._failed(step, error)
            return otherwise
        if praise:
            self._stranger.praise()
        return answer

    def _failed(self, step: str, error: Exception) -> None:
        self._stranger.strike()
        why = error.why if isinstance(error, StrangerError) else "answer"
        off = f"switched off after {MAX_STRIKES} failures: " if self._stranger.off else ""
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(f"{step}: {off}{why}: {error}"[:300])
