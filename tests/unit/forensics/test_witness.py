"""A witness cosigns growth and refuses forks, rollbacks and strangers, over HTTP as C2SP has it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from forensics.record import database, tiles
from forensics.record.checkpoint import Checkpoint, opened
from forensics.record.errors import UntrustedError
from forensics.record.log_writer import LogWriter
from forensics.record.note import COSIGNATURE, NoteSigner, parse_lines, parse_note
from forensics.record.proof import check_proof
from forensics.record.proving import prove
from forensics.record.verification import verify
from forensics.record.verified_tree import Outside
from forensics.record.vouched import Vouched
from forensics.record.vouching import Vouching
from forensics.record.witness import LONGEST_REQUEST, Request, Witness, WitnessMemory
from forensics.record.witness_client import Address, WitnessClient
from forensics.record.witness_web import app
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, TransientError
from tests.dawdler import dawdler
from tests.forensic_log import ORIGIN, SIGNER, WITNESS, grown, leaves, private, seal
from tests.served import served

NOW = 1_700_000_000
MakeLog = Callable[..., LogWriter]


@pytest.fixture
def make_log(tmp_path: Path) -> Iterator[MakeLog]:
    with ExitStack() as stack:

        def make(name: str = "record") -> LogWriter:
            engine = database.connect(database.file_url(tmp_path / f"{name}.sqlite"))
            stack.callback(engine.dispose)
            return stack.enter_context(LogWriter.open(engine))

        yield make


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    memory = WitnessMemory(tmp_path / "witness" / "memory.json", new=True)
    return Witness(WITNESS, [SIGNER.key], memory, lambda: NOW)


@pytest.fixture
def http(witness: Witness) -> Iterator[httpx.Client]:
    with served(app(witness)) as client:
        yield client


def request(log: LogWriter, old: int, size: int) -> bytes:
    sealed = log.reader.seal_of(size)
    assert sealed is not None
    proof = tiles.consistency(old, size, log.reader.tile)
    return bytes(Request(old, tuple(proof), sealed.note.encode()))


def status(http: httpx.Client, body: bytes) -> int:
    return http.post("/add-checkpoint", content=body).status_code


def test_growth_is_cosigned(make_log: MakeLog, http: httpx.Client) -> None:
    log = make_log()
    list(grown(log, [3, 300]))

    assert status(http, request(log, 0, 3)) == 200
    answer = http.post("/add-checkpoint", content=request(log, 3, 300))

    sealed = log.reader.newest_seal()
    assert sealed is not None
    note = parse_note(sealed.note.encode()).with_lines(parse_lines(answer.text))
    assert note.signed_by([SIGNER.key, WITNESS.key]) == {SIGNER.key: 0, WITNESS.key: NOW}
    assert status(http, request(log, 300, 300)) == 200  # once more, at another time


def test_a_fork_a_rollback_and_a_wrong_size_are_refused(
    make_log: MakeLog, http: httpx.Client
) -> None:
    log, double = make_log(), make_log("double")
    list(grown(log, [3, 10]))
    double.append(leaves(10, 0, partition=1))
    seal(double)
    double.append(leaves(10, 10, partition=1))
    seal(double)
    assert status(http, request(log, 0, 10)) == 200

    rollback = http.post("/add-checkpoint", content=request(log, 0, 3))
    assert (rollback.status_code, rollback.text) == (409, "10\n")
    assert rollback.headers["content-type"].startswith("text/x.tlog.size")
    assert status(http, request(double, 10, 10)) == 409  # another root of as many leaves
    assert status(http, request(double, 10, 20)) == 422  # a proof, but of another tree
    larger = request(log, 3, 3).replace(b"old 3", b"old 4")
    assert status(http, larger) == 400


def test_strangers_are_refused(make_log: MakeLog, tmp_path: Path) -> None:
    log = make_log()
    list(grown(log, [3]))
    other = NoteSigner("another.example/log", private("another"))
    same_name = NoteSigner(SIGNER.key.name, private("another"))
    for known, expected in ((other, 404), (same_name, 403)):
        memory = WitnessMemory(tmp_path / "strangers" / f"{expected}.json", new=True)
        with served(app(Witness(WITNESS, [known.key], memory, lambda: NOW))) as client:
            assert status(client, request(log, 0, 3)) == expected


def test_a_tampered_signature_is_refused(make_log: MakeLog, http: httpx.Client) -> None:
    log = make_log()
    list(grown(log, [3]))
    body = request(log, 0, 3)
    at = body.rindex(b"=") - 10
    changed = body[:at] + (b"A" if body[at : at + 1] != b"A" else b"B") + body[at + 1 :]
    assert status(http, changed) == 403


@pytest.mark.parametrize(
    "body",
    [b"", b"old\n\nx", b"old 01\n\nx", b"old 0\nzz\n\nx", b"old 0\n\nx", b"\xff", b"old 0\n"],
)
def test_what_is_no_request_is_refused(http: httpx.Client, body: bytes) -> None:
    assert status(http, body) == 400


def test_a_request_has_a_bound(http: httpx.Client) -> None:
    assert status(http, b"old 0\n" + b"x" * LONGEST_REQUEST) == 413


def test_its_memory_survives_and_may_not_be_damaged(
    make_log: MakeLog, witness: Witness, tmp_path: Path
) -> None:
    log = make_log()
    list(grown(log, [3, 10]))
    witness.add_checkpoint(request(log, 0, 10))

    path = tmp_path / "witness" / "memory.json"
    again = Witness(WITNESS, [SIGNER.key], WitnessMemory(path), lambda: NOW)
    with pytest.raises(UntrustedError, match="10 leaves"):
        again.add_checkpoint(request(log, 0, 3))
    path.write_text("{")
    with pytest.raises(ConfigurationError, match="led astray"):
        WitnessMemory(path)


def test_two_processes_of_one_witness_do_not_vouch_for_two_stories(
    make_log: MakeLog, witness: Witness, tmp_path: Path
) -> None:
    log, fork = make_log(), make_log("fork")
    list(grown(log, [3]))
    fork.append(leaves(4, 90))
    seal(fork)
    path = tmp_path / "witness" / "memory.json"
    beside = Witness(WITNESS, [SIGNER.key], WitnessMemory(path), lambda: NOW)
    witness.add_checkpoint(request(log, 0, 3))
    with pytest.raises(UntrustedError, match="3 leaves"):
        beside.add_checkpoint(request(fork, 0, 4))


@pytest.mark.parametrize("back", ["older", "none"])
def test_a_memory_that_was_put_back_is_not_gone_on_from(
    make_log: MakeLog, witness: Witness, tmp_path: Path, back: str
) -> None:
    log = make_log()
    list(grown(log, [3, 10]))
    path = tmp_path / "witness" / "memory.json"
    witness.add_checkpoint(request(log, 0, 3))
    older = path.read_bytes()
    witness.add_checkpoint(request(log, 3, 10))
    if back == "older":
        path.write_bytes(older)
    else:
        path.unlink()
    with pytest.raises(ConfigurationError, match="led astray"):
        witness.add_checkpoint(request(log, 3, 10))


def test_a_log_gathers_cosignatures_from_witnesses_that_answer(
    make_log: MakeLog, witness: Witness
) -> None:
    log, metrics = make_log(), Metrics()
    silent = NoteSigner("silent.example/w2", private("silent"), COSIGNATURE)
    with served(app(witness)) as client:
        clients = [
            WitnessClient(log.reader, Address(WITNESS.key, str(client.base_url)), client),
            WitnessClient(log.reader, Address(silent.key, "http://127.0.0.1:9"), client),
        ]
        vouching = Vouching(log.reader, clients, None, metrics)
        vouching.look()  # nothing is sealed
        for _ in grown(log, [3, 300, 301]):
            vouching.look()
        afresh = WitnessClient(log.reader, clients[0].address, client)  # after a restart
        log.append(leaves(1, 301))
        sealed = seal(log)
        assert list(afresh.cosign(sealed))

    notes = [parse_note(sealed.note.encode()) for sealed in log.reader.seals()]
    seen = [WITNESS.key in note.signed_by([WITNESS.key]) for note in notes]
    assert seen == [True, True, True, False]
    assert metrics.audit_vouched.labels(WITNESS.key.name)._value.get() == 301
    assert metrics.audit_faults.labels(WITNESS.key.name)._value.get() == 0
    assert metrics.audit_faults.labels(silent.key.name)._value.get() == 3


def test_a_log_that_was_rolled_back_is_told_by_its_witness(
    make_log: MakeLog, witness: Witness
) -> None:
    log, shorter = make_log(), make_log("shorter")
    list(grown(log, [10]))
    list(grown(shorter, [4]))
    witness.add_checkpoint(request(log, 0, 10))
    with served(app(witness)) as client:
        address = Address(WITNESS.key, str(client.base_url))
        sealed = shorter.reader.newest_seal()
        assert sealed is not None
        with pytest.raises(UntrustedError, match="rolled back, or it has a double"):
            WitnessClient(shorter.reader, address, client).cosign(sealed)
        with pytest.raises(TransientError):
            WitnessClient(
                shorter.reader, address._replace(url="http://127.0.0.1:9"), client
            ).cosign(sealed)


@pytest.mark.parametrize(
    ("status_code", "text"),
    [(500, "no"), (200, ""), (200, "— other AAAAAAAA\n"), (409, "x"), (200, "x" * 100_000)],
)
def test_a_witness_that_lies_is_not_believed(
    make_log: MakeLog, status_code: int, text: str
) -> None:
    log = make_log()
    list(grown(log, [3]))
    sealed = log.reader.newest_seal()
    assert sealed is not None
    transport = httpx.MockTransport(lambda _: httpx.Response(status_code, text=text))
    with httpx.Client(transport=transport) as client:
        one = WitnessClient(log.reader, Address(WITNESS.key, "http://w"), client)
        with pytest.raises(UntrustedError):
            one.cosign(sealed)


def test_a_memory_that_is_gone_is_not_taken_for_a_first_start(
    make_log: MakeLog, witness: Witness, tmp_path: Path
) -> None:
    log = make_log()
    list(grown(log, [3]))
    path = tmp_path / "witness" / "memory.json"
    WitnessMemory(path)  # before it cosigned anything it has one as well
    with pytest.raises(ConfigurationError, match="not new"):
        WitnessMemory(path, new=True)
    witness.add_checkpoint(request(log, 0, 3))
    path.unlink()
    with pytest.raises(ConfigurationError, match="it is gone; who never cosigned"):
        WitnessMemory(path)
    assert not path.exists()


def test_with_a_witness_s_stolen_key_a_fork_is_vouched_for_and_found_all_the_same(
    make_log: MakeLog, witness: Witness
) -> None:
    """Of the log's key and of one witness' key: whoever asks for that witness alone believes the
    fork. A second witness, and a root on chain, tell."""
    log, fork = make_log(), make_log("fork")
    list(grown(log, [3, 10]))
    witness.add_checkpoint(request(log, 0, 10))
    fork.append([*leaves(9), *leaves(1, 9, partition=1)])
    forged = seal(fork)
    with pytest.raises(UntrustedError, match="10 leaves"):
        witness.add_checkpoint(request(fork, 0, 10))

    note = parse_note(forged.note.encode())
    cosigned = str(note.with_lines([WITNESS.cosign(note.text, NOW)]))
    Vouched(fork.reader.engine).cosigned(forged.size, cosigned)
    proof, other = prove(fork.reader, 9), NoteSigner("w2.example", private("w2"), COSIGNATURE)
    assert check_proof(proof, SIGNER.key, [WITNESS.key], 1).witnesses == {WITNESS.key: NOW}
    assert verify(fork.reader, SIGNER.key).findings == ()

    with pytest.raises(UntrustedError, match="1 witnesses saw this checkpoint, 2 are needed"):
        check_proof(proof, SIGNER.key, [WITNESS.key, other.key], 2)
    anchored = Outside(10, log.frontier.root(), "the chain")
    (finding,) = verify(fork.reader, SIGNER.key, [anchored]).findings
    assert "the chain" in finding


def test_a_witness_s_stolen_key_alone_makes_no_checkpoint() -> None:
    """Without the log's own signature a cosignature vouches for nothing."""
    thief = NoteSigner(SIGNER.key.name, private("thief"))
    note = Checkpoint(ORIGIN, 3, b"\x11" * 32).signed(thief)
    cosigned = note.with_lines([WITNESS.cosign(note.text, NOW)])
    assert cosigned.signed_by([WITNESS.key]) == {WITNESS.key: NOW}
    with pytest.raises(UntrustedError):
        opened(str(cosigned).encode(), SIGNER.key)


def test_a_witness_that_never_answers_is_given_up(make_log: MakeLog) -> None:
    log = make_log()
    list(grown(log, [3]))
    sealed = log.reader.newest_seal()
    assert sealed is not None
    with dawdler() as address, httpx.Client(timeout=0.2, trust_env=False) as client:
        one = WitnessClient(log.reader, Address(WITNESS.key, address), client)
        with pytest.raises(TransientError):
            one.cosign(sealed)
