"""What the service and a stranger's process say to each other. Everything that comes back is
hostile until it was decoded by these types and checked (`detectors.guarded`)."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from detectors.api import Explanation, Spec
from schemas.chain import Transaction

MAX_FEATURES = 256
MAX_STATE_BYTES = 1024 * 1024
"""The largest state of one detector for one protocol, as JSON."""

MAX_ANSWER_BYTES = 512 * 1024
"""The largest answer that is no state."""

Text = Annotated[str, Meta(max_length=2_000)]
Named = Annotated[str, Meta(min_length=1, max_length=128)]
Numbers = Annotated[dict[Named, float], Meta(max_length=MAX_FEATURES)]


class Begin(Struct, tag=True, frozen=True):
    """Confine yourself, then import the detector. Answered by `Ready`."""

    entry: str
    """As in an entry point: `package.module:Class`."""
    path: tuple[str, ...]
    """Where packages are."""


class Make(Struct, tag=True, frozen=True):
    """Make a detector for a protocol, and give it this state. Answered by `Done`."""

    number: int
    """What the protocol is called from now on."""
    chain: str
    protocol: str
    manifest: str | None
    state: bytes | None
    gone: tuple[int, ...] = ()
    """Protocols that nobody will ask about any more."""


class Look(Struct, tag=True, frozen=True):
    """Take the features. Answered by `Features`."""

    number: int
    tx: Transaction


class Score(Struct, tag=True, frozen=True):
    """Answered by `Scored`."""

    number: int
    x: dict[str, float]


class Learn(Struct, tag=True, frozen=True):
    """Answered by `Done`."""

    number: int
    lessons: tuple[tuple[dict[str, float], float], ...]
    """Features and their weight, in order."""


class Explain(Struct, tag=True, frozen=True):
    """Answered by `Explained`."""

    number: int
    x: dict[str, float]
    tx: Transaction


class Dump(Struct, tag=True, frozen=True):
    """Answered by `Dumped`."""

    number: int


class Check(Struct, tag=True, frozen=True):
    """Run the conformance suite. Answered by `Checked`."""


class Ready(Struct, tag=True, frozen=True):
    """The detector is there."""

    spec: Spec


class Done(Struct, tag=True, frozen=True):
    """It was done."""


class Featured(Struct, tag=True, frozen=True):
    """The features."""

    x: Numbers


class Scored(Struct, tag=True, frozen=True):
    """The score."""

    score: float


class Explained(Struct, tag=True, frozen=True):
    """The reasons."""

    explanation: Explanation


class Dumped(Struct, tag=True, frozen=True):
    """The state, as JSON."""

    state: bytes


class Checked(Struct, tag=True, frozen=True):
    """Which rules were not kept, and how."""

    failures: tuple[tuple[Text, Text], ...]


class Failed(Struct, tag=True, frozen=True):
    """The detector did not do it."""

    reason: Text


Question = Begin | Make | Look | Score | Learn | Explain | Dump | Check
Answer = Ready | Done | Featured | Scored | Explained | Dumped | Checked | Failed

_encoder = msgspec.msgpack.Encoder()
_questions: Any = msgspec.msgpack.Decoder(Question)
_answers: Any = msgspec.msgpack.Decoder(Answer)


def encode(message: Question | Answer) -> bytes:
    """Return a message's bytes."""
    return _encoder.encode(message)


def question(data: bytes) -> Question:
    """Read a question."""
    found: Question = _questions.decode(data)
    return found


def answer(data: bytes) -> Answer:
    """Read an answer. Raises `ValueError` with what is wrong with it."""
    try:
        found: Answer = _answers.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"no answer of ours: {error}"[:300]) from error
    return found
