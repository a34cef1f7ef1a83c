"""Decoding against another implementation's encoding, and against garbage."""

import time
from typing import Any

from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.decode import Decoder
from ingest.decode.builtin import interface
from ingest.decode.signatures import Interface, Signature
from ingest.decode.types import Array, Blob, Parameter, SignatureError, Tuple, Type, Word, named

CONTRACT = "0x" + "c0" * 20
BUDGET = 0.1
"""Seconds of this thread's own time."""

unhurried = settings(deadline=None)
"""Making a decoder takes its time, once; how long decoding may take is asserted by itself."""

WORDS = st.one_of(
    st.integers(1, 32).map(lambda size: Word("uint", 8 * size, f"uint{8 * size}")),
    st.integers(1, 32).map(lambda size: Word("int", 8 * size, f"int{8 * size}")),
    st.integers(1, 32).map(lambda size: Word("bytes", size, f"bytes{size}")),
    st.just(Word("address", 160, "address")),
    st.just(Word("bool", 1, "bool")),
)
ELEMENTARY = WORDS | st.sampled_from([Blob("bytes"), Blob("string")])
LENGTHS = st.none() | st.integers(1, 3)
NAMES = st.sampled_from(["", "a", "b", "from", "class", "None", "data", "topics"])


def tuples(kinds: st.SearchStrategy[Type]) -> st.SearchStrategy[Tuple]:
    parts = st.lists(st.tuples(NAMES, kinds), min_size=1, max_size=3)
    return parts.map(lambda pairs: Tuple(named(Parameter(name, kind) for name, kind in pairs)))


TYPES: st.SearchStrategy[Type] = st.recursive(
    ELEMENTARY,
    lambda kinds: st.builds(Array, kinds, LENGTHS) | tuples(kinds),
    max_leaves=4,
)


@st.composite
def signatures(draw: st.DrawFn) -> Signature:
    drawn = draw(st.lists(st.tuples(NAMES, TYPES, st.booleans()), max_size=5))
    parameters = named(
        Parameter(name, kind, indexed and isinstance(kind, Word)) for name, kind, indexed in drawn
    )
    try:
        return Signature("X", parameters)
    except SignatureError:
        return Signature("X", ())


def values(kind: Type) -> st.SearchStrategy[Any]:
    """Return values as eth_abi takes them."""
    if isinstance(kind, Array):
        shortest, longest = (0, 3) if kind.length is None else (kind.length, kind.length)
        return st.lists(values(kind.item), min_size=shortest, max_size=longest)
    if isinstance(kind, Tuple):
        return st.tuples(*(values(component.type) for component in kind.components))
    if isinstance(kind, Blob):
        return st.binary(max_size=70) if kind.name == "bytes" else st.text(max_size=30)
    return words(kind)


def words(kind: Word) -> st.SearchStrategy[Any]:
    if kind.kind == "bool":
        return st.booleans()
    if kind.kind == "bytes":
        return st.binary(min_size=kind.size, max_size=kind.size)
    if kind.kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
    lowest = -(2 ** (kind.size - 1)) if kind.kind == "int" else 0
    return st.integers(lowest, lowest + 2**kind.size - 1)


def carried(kind: Type, value: Any) -> Any:
    """Return a value as records carry it."""
    if isinstance(kind, Array):
        return [carried(kind.item, item) for item in value]
    if isinstance(kind, Tuple):
        pairs = zip(kind.components, value, strict=True)
        return {component.name: carried(component.type, part) for component, part in pairs}
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if isinstance(value, bool | str) else str(value)


@st.composite
def logs(draw: st.DrawFn) -> tuple[Signature, list[Any], tuple[str, ...], str]:
    """Draw an event, its values, and how another implementation writes them as a log."""
    event = draw(signatures())
    given_values = [draw(values(parameter.type)) for parameter in event.parameters]
    pairs = list(zip(event.parameters, given_values, strict=True))
    topics = tuple(
        "0x" + encode([one.type.name], [value]).hex() for one, value in pairs if one.indexed
    )
    plain = [(one.type.name, value) for one, value in pairs if not one.indexed]
    data = encode([kind for kind, _ in plain], [value for _, value in plain])
    return event, given_values, (event.hash, *topics), "0x" + data.hex()


@given(logs())
@unhurried
def test_every_valid_log_decodes_to_what_was_encoded(
    log: tuple[Signature, list[Any], tuple[str, ...], str],
) -> None:
    event, given_values, topics, data = log
    found = Decoder({CONTRACT: Interface((event,), ())}).decode_log(CONTRACT, topics, data)
    assert found is not None
    assert found.arguments == {
        parameter.name: carried(parameter.type, value)
        for parameter, value in zip(event.parameters, given_values, strict=True)
    }


@given(logs(), st.binary(max_size=40))
@unhurried
def test_every_valid_call_decodes_whatever_follows_it(
    log: tuple[Signature, list[Any], tuple[str, ...], str], tail: bytes
) -> None:
    function, given_values, _, _ = log
    kinds = [parameter.type.name for parameter in function.parameters]
    text = function.selector + encode(kinds, given_values).hex() + tail.hex()
    plain = Signature("X", tuple(Parameter(one.name, one.type) for one in function.parameters))
    found = Decoder({CONTRACT: Interface((), (plain,))}).decode_call(CONTRACT, text)
    assert found is not None
    assert list(found.arguments.values()) == [
        carried(parameter.type, value)
        for parameter, value in zip(function.parameters, given_values, strict=True)
    ]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[Signature, tuple[str, ...], str]:
    """Draw a log of which some words were replaced by ones that hurt."""
    event, _, topics, data = draw(logs())
    words = [data[2:][at : at + 64] for at in range(0, len(data) - 2, 64)]
    number = st.sampled_from([0, 1, 31, 32, 64, 2**31, 2**64, 2**255, 2**256 - 1])
    for _ in range(draw(st.integers(1, 4))):
        if words:
            at = draw(st.integers(0, len(words) - 1))
            words[at] = f"{draw(number | st.integers(0, 32 * len(words))):064x}"
    cut = draw(st.integers(0, 64))
    return event, topics, "0x" + "".join(words)[: -cut or None]


@given(spoilt())
@settings(unhurried, max_examples=200)
def test_a_spoilt_log_is_read_or_left_raw_in_time(
    log: tuple[Signature, tuple[str, ...], str],
) -> None:
    event, topics, data = log
    decoder = Decoder({CONTRACT: Interface((event,), ())})
    decoder.decode_log(CONTRACT, topics, "0x")
    start = time.thread_time()
    decoder.decode_log(CONTRACT, topics, data)
    assert time.thread_time() - start < BUDGET


BUILT_IN = interface()


@given(
    st.sampled_from(BUILT_IN.events),
    st.lists(st.binary(min_size=32, max_size=32), max_size=3),
    st.binary(max_size=600),
)
@unhurried
def test_garbage_under_a_known_topic_never_raises(
    event: Signature, topics: list[bytes], data: bytes
) -> None:
    written = tuple("0x" + topic.hex() for topic in topics)
    Decoder().decode_log(CONTRACT, (event.hash, *written), "0x" + data.hex())
    Decoder().decode_log(CONTRACT, written, "0x" + data.hex())


@given(st.sampled_from(BUILT_IN.functions), st.binary(max_size=600))
@unhurried
def test_garbage_under_a_known_selector_never_raises(function: Signature, data: bytes) -> None:
    Decoder().decode_call(CONTRACT, function.selector + data.hex())


@given(st.sampled_from(BUILT_IN.events), st.lists(st.text(max_size=70), max_size=4), st.text())
@unhurried
def test_text_that_is_not_even_hexadecimal_never_raises(
    event: Signature, topics: list[str], data: str
) -> None:
    Decoder().decode_log(CONTRACT, (event.hash, *topics), data)
    Decoder().decode_call(CONTRACT, data)
    Decoder().function_name(CONTRACT, data)
