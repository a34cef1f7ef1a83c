"""Replacing a key: two overlap, the old one ends, and nothing brings it back."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from runtime import terms
from runtime.broker import Message
from runtime.signatures import Signer, generate, load_signer, load_verifier, sequence
from schemas.errors import ConfigurationError, PoisonRecordError

CHAIN = "eip155:1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("old", "new"):
        generate(tmp_path, name)
    return tmp_path


def _signer(folder: Path, name: str) -> Signer:
    return load_signer(folder / f"{name}.pem")


def _message(signer: Signer, block: int) -> Message:
    headers = signer.sign(b"{}", sequence=sequence(block, 3), expires=block + 25)
    return Message("alerts-v1", 0, 0, b"meadow", b"{}", headers)


def test_a_retired_key_is_believed_up_to_its_last_block_and_the_new_one_beyond(
    folder: Path,
) -> None:
    old, new = _signer(folder, "old"), _signer(folder, "new")
    terms.retire(folder, old.key_id, CHAIN, 100)
    verifier = load_verifier(folder)

    assert verifier.check(_message(old, 100), head=100, chain=CHAIN) == sequence(100, 3)
    for block, head in ((101, 100), (90, 101)):
        with pytest.raises(PoisonRecordError, match="retired after block 100 of eip155:1"):
            verifier.check(_message(old, block), head=head, chain=CHAIN)
    verifier.check(_message(new, 101), head=101, chain=CHAIN)
    verifier.check(_message(old, 101), head=101, chain="eip155:10")


def test_it_is_refused_before_any_cryptography(folder: Path) -> None:
    old = _signer(folder, "old")
    terms.retire(folder, old.key_id, CHAIN, 100)
    forged = _message(old, 101)
    forged = replace(forged, headers=forged.headers[:-1])
    with pytest.raises(PoisonRecordError, match="retired"):
        load_verifier(folder).check(forged, head=None, chain=CHAIN)


def test_history_stays_believable_where_only_the_record_tells_its_block(folder: Path) -> None:
    old = _signer(folder, "old")
    terms.retire(folder, old.key_id, CHAIN, 100)
    verifier = load_verifier(folder)
    message = _message(old, 100)
    verifier.check(message, head=None)
    verifier.require_in_term(message, CHAIN, 100)
    with pytest.raises(PoisonRecordError, match="retired"):
        verifier.require_in_term(message, CHAIN, 101)


def test_a_term_is_only_ever_shortened(folder: Path) -> None:
    key = _signer(folder, "old").key_id
    terms.retire(folder, key, CHAIN, 100)
    for last in (100, 101):
        with pytest.raises(ConfigurationError, match="that is not extended"):
            terms.retire(folder, key, CHAIN, last)
    terms.retire(folder, key, CHAIN, 90)
    terms.retire(folder, key, "eip155:10", 5)
    assert terms.read(folder) == {key: {CHAIN: 90, "eip155:10": 5}}


@pytest.mark.parametrize(
    "text",
    [
        "rubbish",
        '["short"]\n"eip155:1" = 5',
        f'["{"a" * 32}"]\n"eip155:1" = -5',
        f'["{"a" * 32}"]\n"eip155:1" = "5"',
        f'["{"a" * 32}"]\n"eip155:1" = true',
        f'["{"a" * 32}"]\n"one" = 5',
        f"{'a' * 32} = 5",
        "\udcff",
    ],
)
def test_a_slip_in_the_file_stops_the_service_rather_than_bring_a_key_back(
    folder: Path, text: str
) -> None:
    (folder / terms.FILE).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError, match=r"retired\.toml"):
        load_verifier(folder)


@pytest.mark.parametrize("name", ["", "../other", "a/b", "a b"])
def test_a_key_is_not_made_outside_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="names no key"):
        generate(tmp_path, name)
