"""Whose brakes wait for a root on chain: those that were sent, and those that were mined.

What a decision says does not count: a brake that was refused, rehearsed or authorised and never
sent is on chain at its turn. Its intent is a leaf before the step that sends it, so the root that
has one has the other. Where responders' keys are named, a step that none of them signed is a leaf
like any other, and no brake here.
"""

import re
from collections import OrderedDict

import msgspec

from forensics.record.leaf import message_in, value_in
from forensics.record.log_reader import LogReader
from runtime.actors import Actors
from schemas.actions import Action
from schemas.errors import PoisonRecordError

ANCHORED_STEPS = frozenset({"broadcast", "included"})

_KIND = str(Action.__struct_config__.tag)
_NAME = re.compile("[A-Za-z0-9_.*-]{1,128}")
_MOST_STEPS = 10_000
_MOST_PROTOCOLS = 1_000
"""Remembered: whoever floods the topic must not fill the memory."""


class _Act(msgspec.Struct, frozen=True, gc=False):
    action: str
    state: str
    protocol: str


class Pulled:
    """Goes along the actions of one log."""

    def __init__(self, log: LogReader, actors: Actors) -> None:
        """`actors` are those whose steps are believed."""
        self._log = log
        self._actors = actors
        self._anchored = self._read = 0
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._newest: dict[str, int] = {}
        """By protocol, the newest leaf of a brake of it that no root on chain has."""

    def waiting(self, anchored: int, size: int) -> frozenset[str]:
        """Return the protocols of brakes that were sent or mined in the leaves from `anchored` up
        to `size`: each brake once sent and once mined, however often it is sent again.

        Raises as `LogReader` does.
        """
        if anchored < self._anchored:  # a reorg took a root off the chain
            self._seen.clear()
            self._newest.clear()
            self._read = anchored
        self._anchored = anchored
        self._newest = {name: at for name, at in self._newest.items() if at >= anchored}
        start, self._read = max(anchored, self._read), max(size, self._read)
        for position, entry in self._log.of_kind(_KIND, start, size):
            self._take(position, entry)
        return frozenset(self._newest)

    def _take(self, position: int, entry: bytes) -> None:
        value = value_in(entry, self._log.apart)
        try:
            act = msgspec.json.decode(value or b"", type=_Act)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return
        step = act.action, act.state
        named = _NAME.fullmatch(act.protocol)
        if act.state not in ANCHORED_STEPS or step in self._seen or not named:
            return
        if not self._believed(entry):
            return
        self._seen[step] = None
        if len(self._seen) > _MOST_STEPS:
            self._seen.popitem(last=False)
        if act.protocol in self._newest or len(self._newest) < _MOST_PROTOCOLS:
            self._newest[act.protocol] = position

    def _believed(self, entry: bytes) -> bool:
        try:
            self._actors.read(message_in(entry, self._log.apart))
        except (PoisonRecordError, LookupError, TypeError, ValueError):
            return False
        return True
