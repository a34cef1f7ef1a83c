"""What holds of a log wherever it is kept: SQLite, and a real PostgreSQL."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec.structs import replace
from sqlalchemy import Engine, create_engine, text, update

from forensics.record import database, tiles
from forensics.record.index import check_index
from forensics.record.leaf import UNREAD, fields_of, leaf_of, record_in
from forensics.record.log_reader import Anchored, LogReader
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import check_consistency, check_inclusion, leaf_hash
from forensics.record.note import parse_note
from forensics.record.proof import check_proof
from forensics.record.proving import prove, standing
from forensics.record.tables import LEAVES, METADATA
from forensics.record.tiles import Tile
from forensics.record.verification import verify
from forensics.record.vouched import Vouched
from runtime.broker import Message, Partition
from schemas.errors import (
    ConfigurationError,
    PoisonRecordError,
    TransientError,
    UnsafeToContinueError,
)
from tests.forensic_log import BRAKE, INCIDENT, SIGNER, WITNESS, action, leaves, message, seal
from tests.postgres import emptied

MakeEngine = Callable[[], Engine]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind in turn."""
    address = database.file_url(tmp_path / "record.sqlite")
    if request.param == "postgresql":
        address = emptied(request.getfixturevalue("postgres_server"))
    made = database.connect(address)
    yield made
    made.dispose()


@pytest.fixture
def log(engine: Engine) -> Iterator[LogWriter]:
    with LogWriter.open(engine) as made:
        yield made


def test_the_migrations_make_the_tables_that_the_code_knows(log: LogWriter, engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": database.VERSIONS, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []


def test_every_leaf_is_proved_under_every_checkpoint(log: LogWriter) -> None:
    sizes = (1, 2, 255, 256, 257, 600)
    roots = {}
    for size in sizes:
        log.append(leaves(size - log.frontier.size, log.frontier.size))
        roots[size] = seal(log).root

    for size in sizes:
        for place in {0, size // 2, size - 1}:
            proof = tiles.inclusion(place, size, log.reader.tile)
            check_inclusion(place, size, log.reader.leaf(place).hash, proof, roots[size])
        for old in sizes:
            if old <= size:
                found = tiles.consistency(old, size, log.reader.tile)
                check_consistency(old, size, found, roots[old], roots[size])
    assert verify(log.reader, SIGNER.key) == (600, 0, 6, 0, 0, 0, (), (), (), ())


def test_a_log_goes_on_where_it_was_left(engine: Engine) -> None:
    for start in (0, 100, 300):
        with LogWriter.open(engine) as log:
            assert log.frontier.size == start
            log.append(leaves(300 - start if start == 100 else 100, start))
            seal(log)

    with LogWriter.open(engine) as log:
        assert log.frontier.size == 400
        assert log.ends == {Partition("actions-v1", 0): 400}
        assert verify(log.reader, SIGNER.key).findings == ()


def test_what_is_delivered_twice_has_one_leaf(log: LogWriter) -> None:
    assert len(log.append(leaves(10))) == 10
    assert log.append(leaves(10)) == []
    assert [leaf.offset for leaf in log.append(leaves(10, 5))] == [10, 11, 12, 13, 14]
    assert log.reader.size() == 15


def test_a_batch_is_written_whole_or_not_at_all(
    log: LogWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(leaves(3))
    seal(log)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(log, "_put", fail)
        with pytest.raises(KeyboardInterrupt):
            log.append(leaves(300, 3))

    assert log.reader.size() == log.frontier.size == 3
    log.append(leaves(300, 3))
    seal(log)
    assert verify(log.reader, SIGNER.key).findings == ()


def test_a_log_has_one_writer(log: LogWriter, engine: Engine) -> None:
    other = create_engine(engine.url)
    with pytest.raises(ConfigurationError, match="one writer"), LogWriter.open(other):
        pass
    other.dispose()


def test_its_lock_ends_with_its_writer(engine: Engine) -> None:
    for _ in range(2):
        with LogWriter.open(engine):
            pass


def test_a_leaf_is_found_by_every_id_that_its_record_holds(log: LogWriter) -> None:
    other = action(0, brake=sha256(b"another").hexdigest())
    log.append([leaf_of(message(0)), leaf_of(message(1)), leaf_of(message(2, other))])

    assert log.reader.named(bytes.fromhex(BRAKE)) == [0, 1]
    assert log.reader.named(bytes.fromhex(INCIDENT)) == [0, 1, 2]
    assert log.reader.named(bytes.fromhex(other.id)) == [2]
    assert log.reader.named(bytes(32)) == []


@pytest.mark.parametrize(
    "value", [b"", b"\xff\xfe", b'{"kind":"rumour"}', b"x" * 100_000, None], ids=range(5)
)
def test_what_nobody_can_read_is_kept_apart_whole(log: LogWriter, value: bytes | None) -> None:
    log.append([leaf_of(Message("actions-v1", 0, 0, b"\xff", value, (("h", b"\x00" * 2000),)))])
    seal(log)

    leaf = log.reader.leaf(0)
    assert leaf.kind == UNREAD
    assert leaf.entry is not None
    fields = fields_of(leaf.entry)
    assert log.reader.apart(fields["value"]["sha256"]) == (value or b"")
    assert log.reader.apart(fields["headers"][0][1]["sha256"]) == b"\x00" * 2000
    assert fields["key"] == {"base64": "/w=="}
    assert record_in(leaf.entry, log.reader.apart) is None
    assert verify(log.reader, SIGNER.key).findings == ()


def test_a_record_too_long_for_a_tile_is_kept_apart_and_read_all_the_same(log: LogWriter) -> None:
    long = action(0, calldata="0x" + "ab" * 40_000)
    log.append([leaf_of(message(0, long))])

    leaf = log.reader.leaf(0)
    assert leaf.entry is not None
    assert len(leaf.entry) < 1000
    assert record_in(leaf.entry, log.reader.apart) == long
    assert log.reader.named(bytes.fromhex(BRAKE)) == [0]


def test_unsealed_leaves_can_be_taken_off_and_others_put_there(log: LogWriter) -> None:
    log.append(leaves(250))
    sealed = seal(log)
    log.append(leaves(300, 250))

    assert log.drop_unsealed() == 300

    assert (log.frontier.size, log.frontier.root()) == (250, sealed.root)
    assert log.reader.named(bytes.fromhex(action(250).id)) == []
    log.append(leaves(300, 0, partition=1))
    seal(log)
    assert verify(log.reader, SIGNER.key).findings == ()


def test_a_proof_rests_on_the_checkpoint_that_is_on_chain(log: LogWriter) -> None:
    log.append(leaves(5))
    first = seal(log)
    log.append(leaves(5, 5))
    second = seal(log)
    vouched = Vouched(log.reader.engine)
    note = parse_note(first.note.encode())
    vouched.cosigned(5, str(note.with_lines([WITNESS.cosign(note.text, 7)])))
    anchor = Anchored(5, first.root, "eip155:1", "0x" + "11" * 20, "0x" + "22" * 32, 9)
    vouched.anchored([anchor], up_to=5)

    below, above = standing(log.reader, 4), standing(log.reader, 5)
    assert (below.anchored, below.witnesses) == (anchor, (WITNESS.key.name,))
    assert (above.anchored, above.sealed, above.witnesses) == (None, second, ())
    proven = check_proof(prove(log.reader, 4), SIGNER.key, [WITNESS.key], quorum=1)
    assert (proven.checkpoint.root, proven.witnesses) == (first.root, {WITNESS.key: 7})
    assert leaf_hash(proven.entry) == log.reader.leaf(4).hash

    vouched.anchored([], up_to=4)  # a reorg took it off the chain
    assert log.reader.anchors() == []


def test_what_is_not_sealed_is_not_proved_yet(log: LogWriter) -> None:
    log.append(leaves(2))
    with pytest.raises(TransientError, match="not sealed yet"):
        prove(log.reader, 1)
    with pytest.raises(LookupError):
        prove(log.reader, 2)


def test_of_what_is_gone_the_hash_is_still_proved_to_be_there(log: LogWriter) -> None:
    log.append([leaves(1)[0]._replace(entry=None, names=(), kind="gone")])
    seal(log)
    with pytest.raises(PoisonRecordError, match="only the hash is left"):
        prove(log.reader, 0)
    assert verify(log.reader, SIGNER.key).gone == 1


def test_a_tile_that_is_not_there_is_said_to_be_missing(log: LogWriter) -> None:
    log.append(leaves(10))
    assert len(log.reader.tile(Tile(0, 0, 10))) == 320
    with pytest.raises(UnsafeToContinueError, match="10 of 11 hashes"):
        log.reader.tile(Tile(0, 0, 11))


def test_a_changed_leaf_is_named(log: LogWriter, engine: Engine) -> None:
    log.append(leaves(300))
    seal(log)
    with engine.begin() as connection:
        entry = log.reader.leaf(299).entry
        assert entry is not None
        changed = entry[:-10] + bytes([entry[-10] ^ 1]) + entry[-9:]
        statement = update(LEAVES).where(LEAVES.c.position == 299).values(entry=changed)
        connection.execute(statement)

    assert verify(log.reader, SIGNER.key).findings == ("leaf 299 is not what its hash says",)


def test_a_database_without_a_log_is_told(engine: Engine) -> None:
    with pytest.raises(ConfigurationError, match="no log"):
        LogReader(engine)


OTHER = sha256(b"another").digest()
FIRST: dict[str, Any] = {"at": 3, "id": bytes.fromhex(action(3).id), "other": OTHER}

INDEX: dict[str, tuple[str, str]] = {
    "a kind": (
        "UPDATE leaves SET kind = 'alert' WHERE position = :at",
        "leaf 3: the index calls it 'alert', it is 'action'",
    ),
    "hidden as unread": (
        "UPDATE leaves SET kind = 'unread' WHERE position = :at",
        "leaf 3: the index calls it 'unread', it is 'action'",
    ),
    "a name taken out": (
        "DELETE FROM names WHERE position = :at AND name = :id",
        f"leaf 3: it holds {action(3).id}, and the index does not lead there",
    ),
    "a name put in": (
        "INSERT INTO names (position, name) VALUES (:at, :other)",
        f"leaf 3: the index leads there from {OTHER.hex()}, which is not in it",
    ),
    "a name of nothing": (
        "INSERT INTO names (position, name) VALUES (9999, :other)",
        f"the index leads from {OTHER.hex()} to leaf 9999, which there is not",
    ),
}


@pytest.mark.parametrize("how", INDEX)
def test_a_row_of_the_index_that_disagrees_with_its_leaf_is_named(
    log: LogWriter, engine: Engine, how: str
) -> None:
    """The leaves are as they were, so the tree says nothing of it."""
    log.append(leaves(300))
    log.append([leaf_of(Message("actions-v1", 1, 0, b"k", b"\xff", ()))])
    log.append([leaf_of(message(1, action(0, calldata="0x" + "ab" * 40_000), 1))])
    log.append([leaves(1, 300)[0]._replace(entry=None, names=(), kind="gone")])
    seal(log)
    log.append(leaves(5, 301))
    found = check_index(log.reader)
    assert (found.leaves, found.findings) == (303, ())
    assert found.names == 4 * 301

    change, told = INDEX[how]
    with engine.begin() as connection:
        wanted = {name: FIRST[name] for name in FIRST if f":{name}" in change}
        connection.execute(text(change), wanted)
    assert check_index(log.reader).findings == (told,)
    assert verify(log.reader, SIGNER.key).findings == ()


def test_a_log_without_an_index_is_told_and_not_for_ever(log: LogWriter, engine: Engine) -> None:
    log.append(leaves(300))
    seal(log)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM names"))
    assert len(check_index(log.reader).findings) == 100


def test_an_id_that_was_written_in_escapes_is_the_same_id(log: LogWriter) -> None:
    """JSON has many ways to write a text; whoever may write to a topic chooses one."""
    lying, plain = message(0), action(0).id
    escaped = "".join(f"\\u{ord(one):04x}" for one in plain[:32]) + plain[32:]
    value = (lying.value or b"").replace(f'"{plain}"'.encode(), f' "{escaped}" '.encode())
    assert value != lying.value
    leaf = leaf_of(replace(lying, value=value))
    assert bytes.fromhex(plain) in leaf.names
    log.append([leaf])
    seal(log)
    assert check_index(log.reader).findings == ()
    assert log.reader.named(bytes.fromhex(plain)) == [0]


def test_rows_before_the_first_leaf_do_not_fill_the_memory(
    log: LogWriter, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(leaves(3))
    seal(log)
    read = 0

    def endless(_: LogReader) -> Iterator[tuple[bytes, int]]:
        nonlocal read
        for read in range(1_000):  # noqa: B007 - how far it was read
            yield OTHER, -5

    monkeypatch.setattr(LogReader, "names", endless)
    assert len(check_index(log.reader).findings) == 100
    assert read <= 100
