import pytest

from schemas.ids import action_id, content_id, framed, incident_id


def test_parts_are_framed_by_their_length_in_bytes() -> None:
    assert framed("ab", "c", 12, "é") == b"2:ab1:c2:122:\xc3\xa9"


def test_the_same_letters_cut_differently_have_another_name() -> None:
    assert content_id("x", "ab", "c") != content_id("x", "a", "bc")
    assert content_id("x", "ab") != content_id("xab")
    assert content_id("x", "1:a") != content_id("x", "", "a")


def test_a_name_never_changes() -> None:
    """Ids are on topics and on chain: another algorithm would be another version of everything."""
    assert content_id("block", "eip155:1", "0xab") == (
        "ad333314ae5297375310f28ec58cdb0d5a318f3e56fc1a03fba8c1eb42982188"
    )


def test_a_brake_is_named_by_what_it_does_and_not_by_the_block_that_caused_it() -> None:
    name = action_id("eip155:1", "eip155:1:0xab", "0x8456cb59", "incident", 0)

    assert len(bytes.fromhex(name)) == 32
    assert name == action_id("eip155:1", "eip155:1:0xab", "0x8456cb59", "incident", 0)
    assert name != action_id("eip155:1", "eip155:1:0xab", "0x8456cb59", "incident", 1)
    assert name != incident_id("eip155:1", "meadow", "0xab")


def test_text_that_is_no_unicode_has_no_name() -> None:
    with pytest.raises(UnicodeEncodeError):
        content_id("block", "\ud800")
