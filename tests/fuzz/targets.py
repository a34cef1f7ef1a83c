"""What is fuzzed: each target takes any bytes, and raises only if a promise is broken.

What a target may do with bad input is refuse it, with the error that it documents, in bounded time.
"""

import contextlib
import json
import os
import re
import socket
import struct
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from forensics.record.errors import UntrustedError
from forensics.record.note import COSIGNATURE, ED25519, Key, NoteSigner
from forensics.record.proof import check_proof, parse_proof
from forensics.record.witness import Witness, WitnessMemory, parse_request
from ingest.decode import Decoder
from ingest.decode.abi import read_abi
from ingest.decode.builtin import interface
from ingest.decode.signatures import Interface, parse
from ingest.decode.types import SignatureError
from neighbours import stix
from responders.signers import policy, wire
from runtime.admission import Admission, RefusedSignalError, read
from runtime.broker import Message
from runtime.manifests import load_manifest
from runtime.signatures import Signer, Verifier
from runtime.statement import signer_of
from schemas import headers
from schemas.codec import UnencodableRecordError, decode_from, encode
from schemas.errors import ConfigurationError, PoisonRecordError
from schemas.signals import Signal
from schemas.topics import TOPICS

Target = Callable[[bytes], None]

MAX_INPUT = 16 * 1024
_SECONDS = 0.5
"""Of this process' own time, for one input. The aim is 0.1 s; instrumented code is slower."""

_LONGEST_REASON = 1000

_CONTRACT = "0x" + "c0" * 20
_BUILTIN: Interface = interface()
_DECODER = Decoder()
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
_SIGNER = Signer(_KEY)
_VERIFIER = Verifier({_SIGNER.key_id: _KEY.public_key()}, {_SIGNER.key_id: {"eip155:1": 9}})
_FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
_NOTES = NoteSigner("log.example", _KEY)
_PUBLISHED = bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")
_LOG = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562"
_WITNESS = Witness(
    NoteSigner("witness.example", _KEY, COSIGNATURE),
    [_NOTES.key, Key(_LOG, ED25519, _PUBLISHED)],
    WitnessMemory(_FOLDER / "memory.json", new=True),
    lambda: 1,
)


def _require(holds: bool, what: str) -> None:  # noqa: FBT001 - as in assert
    assert holds, what


@contextmanager
def _in_time() -> Iterator[None]:
    start = time.process_time()
    yield
    spent = time.process_time() - start
    assert spent < _SECONDS, f"took {spent:.2f} s"


def codec(data: bytes) -> None:
    """A topic's name, a line break, a record: refused, or the same after encoding it again."""
    name, _, value = data.partition(b"\n")
    names = list(TOPICS)
    topic = (
        TOPICS.get(name.decode("ascii", "replace")) or TOPICS[names[zlib.crc32(name) % len(names)]]
    )
    with _in_time():
        try:
            record = decode_from(topic, value)
        except PoisonRecordError as error:
            _require(len(str(error)) < _LONGEST_REASON, str(error))
            return
        try:
            again = encode(record)
        except UnencodableRecordError:
            return  # it reads what it would not write: a number in place of its text, say
        assert decode_from(topic, again) == record
        assert encode(decode_from(topic, again)) == again


def decoder(data: bytes) -> None:
    """Two bytes choose a known event and function; the rest is the log's words and data."""
    chosen, body = int.from_bytes(data[:2], "big"), data[2:]
    event = _BUILTIN.events[chosen % len(_BUILTIN.events)]
    function = _BUILTIN.functions[chosen % len(_BUILTIN.functions)]
    words = [f"0x{body[at : at + 32].hex():0<64}" for at in range(0, min(len(body), 96), 32)]
    with _in_time():
        for count in range(len(words) + 1):
            text = "0x" + body[32 * count :].hex()
            found = _DECODER.decode_log(_CONTRACT, (event.hash, *words[:count]), text)
            assert found is None or json.dumps(found.arguments)
        called = _DECODER.decode_call(_CONTRACT, function.selector + body.hex())
        assert called is None or json.dumps(called.arguments)


def abi(data: bytes) -> None:
    """An ABI in JSON, and then, with what it declares, a log decoded."""
    text, _, body = data.partition(b"\x00")
    with _in_time():
        try:
            found = read_abi(text)
        except ConfigurationError:
            return
        made = found.interface if hasattr(found, "interface") else found
        if isinstance(made, Interface) and made.events:
            own = Decoder({_CONTRACT: made})
            own.decode_log(_CONTRACT, (made.events[0].hash,), "0x" + body.hex())


def signature(data: bytes) -> None:
    """A human-readable ABI."""
    with _in_time(), contextlib.suppress(SignatureError):
        parse(data.decode("utf-8", "replace"))


def manifest(data: bytes) -> None:
    """A manifest file: every mistake has the file's name and a line."""
    path = _FOLDER / f"{os.getpid()}.toml"
    path.write_bytes(data)
    with _in_time():
        try:
            load_manifest(path)
        except ConfigurationError as error:
            told = re.match(rf"{re.escape(str(path))}(:\d+)?: ", str(error))
            _require(told is not None, str(error))


def signed_headers(data: bytes) -> None:
    """Headers of a record, name and value by turns, each after its length; nothing is believed."""
    carried: list[tuple[str, bytes | None]] = []
    names = (headers.KEY_ID, headers.SEQUENCE, headers.EXPIRES, headers.SIGNATURE, headers.CHAIN)
    while len(data) >= 2:
        kind, length, data = data[0], data[1], data[2:]
        carried.append((names[kind % len(names)], data[:length] if kind < 250 else None))
        data = data[length:]
    if carried:
        carried.append((headers.KEY_ID, _SIGNER.key_id.encode()))
    message = Message("alerts-v1", 0, 0, b"meadow", data, tuple(carried))
    with _in_time():
        for head, chain in ((None, None), (5, "eip155:1")):
            try:
                _VERIFIER.check(message, head=head, chain=chain)
            except PoisonRecordError as error:
                _require(len(str(error)) < _LONGEST_REASON, str(error))
            else:
                raise AssertionError("a signature was guessed")


def signer_question(data: bytes) -> None:
    """What a client may send to the signer process."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(1)
        framed = data if data[:1] == b"\x00" else struct.pack(">I", len(data)) + data
        theirs.sendall(framed)
        theirs.shutdown(socket.SHUT_WR)
        with _in_time(), contextlib.suppress(wire.WireError):
            wire.receive_question(ours)


def signer_policy(data: bytes) -> None:
    """A signer's policy file."""
    path = _FOLDER / f"{os.getpid()}.policy.toml"
    path.write_bytes(data)
    path.chmod(0o600)
    with _in_time(), contextlib.suppress(ConfigurationError):
        policy.load(path)


def signal(data: bytes) -> None:
    """A neighbour's signal: refused with a reason, or signed by whom it names."""
    with _in_time():
        try:
            found = read(data)
            if isinstance(found, Signal):
                Admission([found.issuer]).admit(found, found.expiry - 1)
                _require(signer_of(found) == found.issuer, "somebody else signed it")
        except RefusedSignalError as error:
            _require(len(str(error)) < _LONGEST_REASON, str(error))


def stix_bundle(data: bytes) -> None:
    """A bundle: refused, or all of its signals could travel."""
    with _in_time(), contextlib.suppress(PoisonRecordError):
        for found in stix.signals(data):
            encode(found)


def log_proof(data: bytes) -> None:
    """What is handed over as a proof from the forensic log: refused, or just what was written."""
    with _in_time(), contextlib.suppress(UntrustedError):
        proof = parse_proof(data)
        _require(str(proof).encode() == data, "a proof is written in two ways")
        check_proof(proof, _NOTES.key)


def witness_request(data: bytes) -> None:
    """What anybody sends to a witness: refused, or cosigned by the rules."""
    with _in_time(), contextlib.suppress(UntrustedError):
        _WITNESS.add_checkpoint(data)
        _require(bytes(parse_request(data)) == data, "a request is written in two ways")


TARGETS: dict[str, Target] = {
    target.__name__: target
    for target in (
        codec,
        decoder,
        abi,
        signature,
        manifest,
        signed_headers,
        signer_question,
        signer_policy,
        signal,
        stix_bundle,
        log_proof,
        witness_request,
    )
}
