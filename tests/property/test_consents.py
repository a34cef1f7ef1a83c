"""Whatever is heard, fewer than k operators are never enough, and k always are."""

from hypothesis import given, settings
from hypothesis import strategies as st

from responders.consents import Consent, Question, author, consent, decode_consent, enough

KEYS = [bytes(31) + bytes([n]) for n in range(1, 7)]
NOW = 1_700_000_000


def asked(round_: int = 0) -> Question:
    pool, quorum = "0x" + "aa" * 20, "0x" + "cc" * 20
    return Question(chain_id=1, quorum=quorum, target=pool, calldata="0x8456cb59", round=round_)


WORDS = [consent(asked(), key, NOW) for key in KEYS]
NAMES = [str(author(asked(), word)) for word in WORDS]
OTHER_ROUND = [consent(asked(1), key, NOW) for key in KEYS]
STALE = [consent(asked(), key, NOW - 1800) for key in KEYS]
noise = st.builds(
    lambda signature, expires: Consent(expires=expires, signature="0x" + signature.hex()),
    st.binary(min_size=65, max_size=65),
    st.integers(0, 2**63 - 1),
)


@settings(max_examples=150, deadline=None)
@given(
    yes=st.sets(st.integers(0, 4)),
    threshold=st.integers(2, 4),
    rest=st.lists(st.one_of(st.sampled_from([*OTHER_ROUND, *STALE, WORDS[5]]), noise), max_size=6),
    data=st.data(),
)
def test_enough_exactly_when_k_operators_said_yes(
    yes: set[int], threshold: int, rest: list[Consent], data: st.DataObject
) -> None:
    """Five are operators; the sixth key is a stranger's."""
    heard = [WORDS[n] for n in yes]
    doubled = data.draw(st.lists(st.sampled_from(heard), max_size=3)) if heard else []
    mixed = data.draw(st.permutations([*heard, *doubled, *rest]))
    found = enough(asked(), mixed, set(NAMES[:5]), threshold, NOW)
    assert bool(found) == (len(yes) >= threshold)
    who = [author(asked(), one) for one in found]
    assert len(found) in (0, threshold)
    assert who == sorted(set(who), key=str)
    assert set(who) <= {NAMES[n] for n in yes}


def test_a_word_survives_the_wire() -> None:
    import msgspec

    assert decode_consent(msgspec.json.encode(WORDS[0])) == WORDS[0]
