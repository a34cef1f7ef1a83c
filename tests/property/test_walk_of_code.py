"""Whatever bytes somebody deploys: they are followed to an end, and the same way each time."""

from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.walk import MAX_STEPS, Walk, _Walker
from tests.unit.assurance.assembler import OPERATIONS

codes = st.binary(max_size=400) | st.lists(
    st.sampled_from([bytes([one]) for one in OPERATIONS.values()] + [b"\x5b", b"\x60\x03"]),
    max_size=200,
).map(b"".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(codes)
def test_any_code_is_followed_to_an_end(code: bytes) -> None:
    found: Walk = _Walker(code).walk()
    again = _Walker(code).walk()
    assert found == again
    assert MAX_STEPS > 0


@settings(max_examples=200, deadline=None)
@given(codes, st.binary(max_size=64))
def test_what_stands_behind_an_end_changes_nothing(code: bytes, data: bytes) -> None:
    found = _Walker(b"\x00" + code + data).walk()
    assert found.acts == set()
