"""Whatever is heard, fewer than k operators are never enough, and k always are."""

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from responders.consents import MARGIN, VALID_FOR, consent, enough
from responders.questions import LONGEST, Question, author
from responders.signer import KeySigner
from responders.transactions import ORDER
from schemas.codec import decode, encode
from schemas.consents import Consent

SIGNERS = [KeySigner(bytes(31) + bytes([n]), 1) for n in range(1, 7)]
NOW = 1_700_000_000


def asked(round_: int = 0) -> Question:
    pool, quorum = "0x" + "aa" * 20, "0x" + "cc" * 20
    return Question(chain_id=1, quorum=quorum, target=pool, calldata="0x8456cb59", round=round_)


def yes(question: Question, now: int) -> list[Consent]:
    return [consent(question, "meadow", signer, now) for signer in SIGNERS]


def bent(word: Consent) -> list[Consent]:
    """A word in every other form that ECDSA takes for the same, and the contract does not."""
    raw = bytes.fromhex(word.signature[2:])
    r, s, v = raw[:32], int.from_bytes(raw[32:64]), raw[64]
    forms = ((s, v - 27), (ORDER - s, 55 - v), (ORDER - s, v))
    return [
        msgspec.structs.replace(word, signature="0x" + (r + t.to_bytes(32) + bytes([w])).hex())
        for t, w in forms
    ]


WORDS = yes(asked(), NOW)
NAMES = [signer.address for signer in SIGNERS]
OTHER_ROUND = yes(asked(1), NOW)
STALE = yes(asked(), NOW - VALID_FOR + MARGIN - 1)
EARLY = yes(asked(), NOW + LONGEST)
BENT = [form for word in WORDS for form in bent(word)]
noise = st.builds(
    lambda signature, expires: msgspec.structs.replace(
        WORDS[0], expires=expires, signature="0x" + signature.hex()
    ),
    st.binary(min_size=65, max_size=65),
    st.integers(0, 2**53 - 1),
)
rest = st.lists(
    st.one_of(st.sampled_from([*OTHER_ROUND, *STALE, *EARLY, *BENT, WORDS[5]]), noise), max_size=6
)


@settings(max_examples=150, deadline=None)
@given(yes=st.sets(st.integers(0, 4)), threshold=st.integers(2, 4), rest=rest, data=st.data())
def test_enough_exactly_when_k_operators_said_yes(
    yes: set[int], threshold: int, rest: Sequence[Consent], data: st.DataObject
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


def test_the_words_that_last_longest_are_sent() -> None:
    """Else one operator could have others send its word as it runs out, and lose their nonce."""
    short = consent(asked(), "meadow", SIGNERS[0], NOW - VALID_FOR + MARGIN)
    found = enough(asked(), [short, *WORDS[1:3]], set(NAMES[:3]), 2, NOW)
    assert {one.operator for one in found} == set(NAMES[1:3])


def test_a_word_survives_the_wire() -> None:
    assert decode(encode(WORDS[0]), Consent) == WORDS[0]
