"""Whose word that a case is in hand is believed."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from runtime import attested
from runtime.acknowledging import People, people_of
from runtime.broker import Message
from runtime.settings_paging import PagingSettings
from runtime.signatures import Signer, generate, load_signer
from schemas.codec import encode
from schemas.errors import PoisonRecordError
from schemas.incidents import Acknowledgement
from schemas.topics import ACKNOWLEDGEMENTS
from tests.people import acknowledgement, by_provider, by_wallet, signature, wallet
from tests.unit.console.scene import case

BEN = wallet("ben").address.lower()


def message(word: Acknowledgement, signer: Signer | None = None) -> Message:
    value = encode(word)
    headers = () if signer is None else signer.sign(value, sequence=0, expires=0)
    return Message(ACKNOWLEDGEMENTS.name, 0, 0, b"meadow", value, headers)


def signed(name: str) -> Acknowledgement:
    word = acknowledgement(case(), by_wallet(name))
    return attested.signed(word, signature(word, name))


def refused(people: People, word: Acknowledgement, signer: Signer | None = None) -> bool:
    try:
        people.require(message(word, signer), word)
    except PoisonRecordError:
        return True
    return False


def test_where_nobody_is_named_everybody_counts_but_a_forged_wallet() -> None:
    people = People()
    assert not refused(people, acknowledgement(case(), by_provider("rea")))
    assert not refused(people, signed("ben"))
    assert not refused(people, replace(signed("ben"), said=None)), "of an older version"
    assert refused(people, acknowledgement(case(), by_wallet("ben")))
    assert people.counts("oidc:anybody")


def test_where_wallets_are_named_only_their_signatures_count() -> None:
    people = People(wallets=(BEN,))
    assert not refused(people, signed("ben"))
    assert refused(people, signed("ana"))
    assert refused(people, acknowledgement(case(), by_provider("ben")))
    assert refused(people, replace(signed("ben"), said=None))
    assert people.counts(f"eip155:5:{BEN}")
    assert not people.counts(f"oidc:{BEN}")
    assert not people.counts(f"oidc:https://evil.example#:{BEN}")


def test_a_key_counts_beside_wallets(tmp_path: Path) -> None:
    alice = load_signer(generate(tmp_path / "people", "alice"))
    mallory = load_signer(generate(tmp_path / "others", "mallory"))
    people = people_of(
        PagingSettings(people_keys=tmp_path / "people", people_wallets=(wallet("ben").address,))
    )
    word = acknowledgement(case(), by_provider("alice"))
    assert not refused(people, word, alice)
    assert not refused(people, signed("ben"))
    assert refused(people, word, mallory)
    assert refused(people, word)
    assert refused(people, signed("ana"))


@pytest.mark.parametrize(
    "changed",
    [
        {"severity": "low"},
        {"words": "all is well"},
        {"incident": "9" * 64},
        {"by": "ana"},
        {"protocol": "orchard"},
    ],
)
def test_no_word_of_a_signed_one_can_be_changed(changed: dict[str, str]) -> None:
    word = replace(signed("ben"), **changed)
    assert refused(People(), word)
    if "by" not in changed:
        assert refused(People(), attested.named(word)), "under the id that its words give it"


def test_whose_wallet_is_named_by_an_address_that_is_none() -> None:
    with pytest.raises(ValueError, match="no address"):
        PagingSettings(people_wallets=("0x12",))
