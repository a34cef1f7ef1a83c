"""A check of releases reads a part of the leaves, and says what it would say of all of them."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from forensics.record.leaf import leaf_of, value_in
from forensics.record.order import Order, counts, placed
from runtime.broker import Message
from schemas.base import Record
from schemas.codec import decode_from, encode
from schemas.decisions import Answer, Matter, Proposal, Request, Verdict
from schemas.examples import FOLDER
from schemas.topics import AUTHORITY, DECISIONS, RECOVERIES
from tests.people import NOW, answer, by_provider, proposal
from tests.unit.console.scene import POOL, case
from tests.unit.forensics.test_releases import ORDERED, OTHER, PAUSED, UNPAUSED

Laid = tuple[str, Record]
"""A record, and the topic that it lies on."""

MATTERS: tuple[Matter, ...] = ("release", "brake", "attack", "false-alarm")
VERDICTS: tuple[Verdict, ...] = ("approve", "veto")
TRICKS = ('"matter":"release"', r"\"matter\":\"release\"", '"kind":"answer"', '","value":{', "")
WORDS = st.sampled_from(TRICKS)
PEOPLE = st.sampled_from(["rea", "ana", "ben"])
SHOWN = st.sampled_from([PAUSED, UNPAUSED, replace(UNPAUSED, contract=OTHER)])
OTHERS = st.sampled_from(
    [
        decode_from(AUTHORITY, path.read_bytes())
        for path in sorted((FOLDER / AUTHORITY.name).glob("*.json"))
    ]
)
LONG = tuple(Request(to=POOL, calldata="0x" + "ab" * 4_096) for _ in range(9))
CALLS = st.sampled_from([(Request(to=POOL, calldata="0x3f4ba83a"),), LONG])


@st.composite
def proposals(draw: st.DrawFn) -> Proposal:
    made = proposal(case(), by_provider(draw(PEOPLE)), draw(st.sampled_from(MATTERS)), draw(WORDS))
    return replace(made, calls=draw(CALLS))


@st.composite
def histories(draw: st.DrawFn) -> list[Laid]:
    """A brake, what is proposed and answered, a release; and anything of that kind in between."""
    asked = draw(st.lists(proposals(), min_size=1, max_size=3))

    def answered(one: Proposal) -> st.SearchStrategy[Answer]:
        voices = PEOPLE.map(lambda name: by_provider(name, NOW + 1))
        said: Callable[..., Answer] = answer
        return st.builds(said, st.just(one), voices, st.sampled_from(VERDICTS), WORDS)

    decided = st.sampled_from(asked) | st.sampled_from(asked).flatmap(answered)
    laid = st.one_of(
        decided.map(lambda one: (DECISIONS.name, one)),
        (SHOWN | OTHERS).map(lambda one: (AUTHORITY.name, one)),
        st.sampled_from(ORDERED).map(lambda one: (RECOVERIES.name, one)),
    )
    found: list[Laid] = []
    for topic, record in (
        (AUTHORITY.name, PAUSED),
        (DECISIONS.name, asked[0]),
        (DECISIONS.name, draw(answered(asked[0]))),
        (AUTHORITY.name, UNPAUSED),
    ):
        found += [*draw(st.lists(laid, max_size=3)), (topic, record)]
    return found


def told(laid: list[tuple[str, bytes, dict[str, bytes]]], *, sifted: bool) -> tuple[list[str], ...]:
    """Return what a check says that reads all of it, or what counts alone."""
    order = Order()
    found = (
        (place, placed(value_in(entry, apart.get) or b""))
        for place, (topic, entry, apart) in enumerate(laid)
        if not sifted or counts(topic, entry)
    )
    disorder = list(order.disordered((place, one) for place, one in found if one is not None))
    return disorder, list(order.releases.without_order())


@settings(max_examples=100, deadline=None)
@given(histories())
def test_what_is_left_unread_changes_nothing(history: list[Laid]) -> None:
    laid = []
    for offset, (topic, record) in enumerate(history):
        leaf = leaf_of(Message(topic, 0, offset, b"meadow", encode(record), ()))
        apart = {digest.hex(): data for digest, data in leaf.apart}
        laid.append((topic, leaf.entry or b"", apart))
    assert told(laid, sifted=True) == told(laid, sifted=False)
