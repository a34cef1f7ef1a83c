from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.ids import content_id, framed

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=6)


@given(TEXTS)
def test_a_frame_can_be_taken_apart_again(parts: list[str]) -> None:
    assert _unframed(framed(*parts)) == parts


@given(TEXTS, TEXTS)
def test_different_parts_have_different_names(one: list[str], other: list[str]) -> None:
    assume(one != other)

    assert framed(*one) != framed(*other)
    assert content_id("kind", *one) != content_id("kind", *other)


def _unframed(data: bytes) -> list[str]:
    parts = []
    while data:
        length, _, rest = data.partition(b":")
        parts.append(rest[: int(length)].decode())
        data = rest[int(length) :]
    return parts
