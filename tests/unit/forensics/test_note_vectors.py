"""Notes, keys, checkpoints and witness requests against published vectors.

Sources: the note and key of golang.org/x/mod/sumdb/note; checkpoint and cosignature of
c2sp.org/tlog-cosignature; keys of github.com/transparency-dev/formats (note/note_cosigv1_test.go);
log, key and requests of github.com/FiloSottile/torchwood (internal/witness/witness_test.go).
"""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forensics.record.checkpoint import Checkpoint, opened, parse_checkpoint
from forensics.record.errors import UntrustedError
from forensics.record.note import (
    COSIGNATURE,
    ED25519,
    Key,
    Line,
    NoteSigner,
    parse_key,
    parse_lines,
    parse_note,
)
from forensics.record.witness import RefusedError, Witness, WitnessMemory

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotp"
    "RZb6KE6RyyBwJnAM=\n"
)
COSIGNED = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zh"
    "cyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJs"
    "X3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)
ORIGIN = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
PUBLIC = bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")


def request(old: int, proof: list[str], size: int, root: str, signature: str) -> bytes:
    lines = [f"old {old}", *proof, "", ORIGIN, str(size), root, "", f"— {ORIGIN} {signature}"]
    return ("\n".join(lines) + "\n").encode()


ONE = request(
    0,
    [],
    1,
    "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=",
)
THREE = request(
    1,
    [
        "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "KgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
    3,
    "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
    "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=",
)
FIVE = request(
    1,
    [
        "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=",
        "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
    5,
    "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
    "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=",
)


def witness(folder: Path) -> Witness:
    private = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
    return Witness(
        NoteSigner("witness.example/w1", private, COSIGNATURE),
        [Key(ORIGIN, ED25519, PUBLIC)],
        WitnessMemory(folder / "memory.json", new=True),
        lambda: 1_700_000_000,
    )


def test_the_published_note_is_read_and_its_signature_believed() -> None:
    key, note = parse_key(PETER), parse_note(NOTE.encode())

    assert (key.name, key.type, key.id.hex()) == ("PeterNeumann", ED25519, "c74f20a3")
    assert note.signed_by([key]) == {key: 0}
    assert str(note) == NOTE


def test_a_piece_of_a_key_is_no_key() -> None:
    for start in range(len(PETER)):
        for end in range(start + 1, len(PETER) + 1):
            if (start, end) != (0, len(PETER)):
                with pytest.raises(UntrustedError):
                    parse_key(PETER[start:end])


def test_a_key_with_one_character_changed_is_no_key() -> None:
    for at in range(len(PETER)):
        with pytest.raises(UntrustedError):
            parse_key(PETER[:at] + chr(ord(PETER[at]) + 1) + PETER[at + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    ],
)
def test_published_keys_have_the_ids_that_they_say(text: str) -> None:
    assert str(parse_key(text)) == text


def test_the_published_cosigned_checkpoint_is_read_whole() -> None:
    note = parse_note(COSIGNED.encode())
    checkpoint = parse_checkpoint(note.text)
    log, cosigner = note.lines

    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert (log.key_id.hex(), cosigner.key_id.hex()) == ("033de0ae", "8d66cf3f")
    assert int.from_bytes(cosigner.signature[:8]) == 1679315147  # the time in the specification
    assert str(note) == COSIGNED


def test_the_published_requests_are_cosigned_and_a_rollback_is_not(tmp_path: Path) -> None:
    one = witness(tmp_path)
    first = one.add_checkpoint(ONE)
    one.add_checkpoint(FIVE)

    with pytest.raises(RefusedError) as refused:
        one.add_checkpoint(THREE)

    assert (refused.value.status, refused.value.size) == (409, 5)
    signed = parse_note(ONE.partition(b"\n\n")[2]).with_lines([first])
    assert signed.signed_by([one.key]) == {one.key: 1_700_000_000}
    assert WitnessMemory(tmp_path / "memory.json").newest(ORIGIN)[1].hex() == (
        "42bb57ad06420afa4882c4a63ac6a1ec77480b330b2f20dfc53a0caa5f564e36"
    )


def test_more_than_63_lines_of_proof_are_refused_unread(tmp_path: Path) -> None:
    line = b"KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

    with pytest.raises(RefusedError) as refused:
        witness(tmp_path).add_checkpoint(ONE.replace(b"old 0\n", b"old 0\n" + 64 * line))

    assert refused.value.status == 400


def test_a_log_signs_and_is_believed_under_its_own_name_alone() -> None:
    signer = NoteSigner("log.example/one", Ed25519PrivateKey.generate())
    checkpoint = Checkpoint("log.example/one", 7, bytes(32))
    note = str(checkpoint.signed(signer)).encode()

    assert opened(note, signer.key)[0] == checkpoint
    for other in (
        NoteSigner("log.example/two", Ed25519PrivateKey.generate()).key,
        NoteSigner("log.example/one", Ed25519PrivateKey.generate()).key,
    ):
        with pytest.raises(UntrustedError):
            opened(note, other)
    foreign = Checkpoint("log.example/two", 7, bytes(32)).signed(signer)
    with pytest.raises(UntrustedError, match="not of"):
        opened(str(foreign).encode(), signer.key)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n1\n",
        "origin\n01\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n-1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAA\n",
        "\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nextension\n",
        "origin\n9223372036854775808\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "origin\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(UntrustedError):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n- dash AAAAAAAA\n",
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— two names AAAAAAAA\n".encode(),
        "text\n\n— name AAAAAAAA".encode(),
        "te\txt\n\n— name AAAAAAAA\n".encode(),
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"text\n\n" + "— name AAAAAAAA\n".encode() * 65,
        b"x" * 70_000,
    ],
)
def test_what_is_no_note_is_refused(data: bytes) -> None:
    with pytest.raises(UntrustedError):
        parse_note(data)


def test_a_newer_cosignature_takes_the_place_of_the_older() -> None:
    signer = NoteSigner("w", Ed25519PrivateKey.generate(), COSIGNATURE)
    note = parse_note(NOTE.encode())
    twice = note.with_lines([signer.cosign(note.text, 1)]).with_lines([signer.cosign(note.text, 2)])

    assert twice.signed_by([signer.key]) == {signer.key: 2}
    assert [line.name for line in twice.lines] == ["PeterNeumann", "w"]
    (line,) = parse_lines(str(twice.lines[1]))
    assert isinstance(line, Line)
