"""The log over HTTP, read as any client of tiles would read it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from forensics.record import database, tiles
from forensics.record.checkpoint import opened
from forensics.record.leaf import leaf_of
from forensics.record.log_reader import Anchored
from forensics.record.log_writer import LogWriter
from forensics.record.merkle import check_inclusion, leaf_hash
from forensics.record.proof import check_proof, parse_proof
from forensics.record.tiles import Tile, place
from forensics.record.vouched import Vouched
from forensics.record.web import app
from runtime.broker import Message
from tests.forensic_log import BRAKE, SIGNER, action, leaves, seal
from tests.served import served

SIZE = 300


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogWriter]:
    engine = database.connect(database.file_url(tmp_path / "record.sqlite"))
    with LogWriter.open(engine) as made:
        yield made
    engine.dispose()


@pytest.fixture
def client(log: LogWriter) -> Iterator[httpx.Client]:
    with served(app(log.reader)) as made:
        yield made


@pytest.fixture
def grown(log: LogWriter) -> LogWriter:
    log.append(leaves(SIZE))
    seal(log)
    log.append(leaves(10, SIZE))  # not sealed: nobody is shown them
    return log


def get(client: httpx.Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer


def test_any_leaf_is_proved_from_tiles_alone(grown: LogWriter, client: httpx.Client) -> None:
    checkpoint, _ = opened(get(client, "/checkpoint").content, SIGNER.key)

    def tile(wanted: Tile) -> bytes:
        width = tiles.width_in(checkpoint.size, wanted.level, wanted.number)
        content: bytes = get(client, f"/tile/{wanted.level}/{place(wanted.number, width)}").content
        assert len(content) == width * 32
        return content

    entries: list[bytes] = []
    for number, width in ((0, 256), (1, SIZE - 256)):
        data = get(client, f"/tile/entries/{place(number, width)}").content
        while data:
            length = int.from_bytes(data[:2])
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
    assert len(entries) == SIZE
    assert tiles.root(SIZE, tile) == checkpoint.root
    for index in (0, 255, 256, 299):
        proof = tiles.inclusion(index, SIZE, tile)
        check_inclusion(index, SIZE, leaf_hash(entries[index]), proof, checkpoint.root)


def test_a_proof_is_fetched_by_any_id(grown: LogWriter, client: httpx.Client) -> None:
    answer = get(client, f"/proof/{action(7).id}")
    proven = check_proof(parse_proof(answer.content), SIGNER.key)
    assert proven.position == 7
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert (
        check_proof(parse_proof(get(client, f"/proof/{BRAKE}?leaf=9").content), SIGNER.key).position
        == 9
    )
    assert "not sealed yet" in get(client, f"/proof/{BRAKE}?leaf=305", 503).text
    get(client, f"/proof/{BRAKE}?leaf=400", 404)
    get(client, f"/proof/{BRAKE}?leaf=x", 404)
    get(client, f"/proof/{'0' * 64}", 404)
    get(client, "/proof/nonsense", 404)


def test_a_record_says_who_vouches_for_it(grown: LogWriter, client: httpx.Client) -> None:
    newest = grown.reader.newest_seal()
    assert newest is not None
    anchor = Anchored(SIZE, newest.root, "eip155:1", "0x" + "11" * 20, "0x" + "22" * 32, 9)
    Vouched(grown.reader.engine).anchored([anchor], up_to=SIZE)

    (sealed,) = get(client, f"/records/{action(3).id}").json()["leaves"]
    (waiting,) = get(client, f"/records/{action(SIZE).id}").json()["leaves"]

    assert (sealed["leaf"], sealed["topic"], sealed["kind"]) == (3, "actions-v1", "action")
    assert (sealed["sealed"], sealed["anchor"]["block"]) == (SIZE, 9)
    assert (waiting["leaf"], waiting["sealed"], waiting["anchor"]) == (SIZE, None, None)
    assert get(client, "/anchors").json()[0]["root"] == newest.root.hex()


def test_tiles_are_shown_as_far_as_they_are_sealed(grown: LogWriter, client: httpx.Client) -> None:
    assert get(client, f"/tile/0/001.p/{SIZE - 256}").headers["cache-control"].endswith("immutable")
    get(client, "/tile/0/001.p/45", 404)
    get(client, "/tile/entries/001.p/45", 404)
    get(client, "/tile/0/002", 404)
    get(client, "/tile/1/000", 404)
    get(client, "/tile/1/000.p/1")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/tile/" + "9" * 5000 + "/000", id="/tile/9..9/000"),
        "/tile/-1/000",
        "/tile/%C2%B2/000",
        "/tile/0/1",
        "/tile/0/0001",
        "/tile/0/000.p/0",
        "/tile/0/000.p/256",
        "/tile/0/x000/000",
        "/tile/9/000",
        "/tile/63/000",
        "/tile/0/..%2f000",
        "/tile/entries/",
        "/tile/99999999999999999999999/000",
        "/apart/zz",
        "/records/zz",
        "/nothing",
    ],
)
def test_what_there_is_not_is_not_found(grown: LogWriter, client: httpx.Client, path: str) -> None:
    get(client, path, 404)


def test_nothing_can_be_written(grown: LogWriter, client: httpx.Client) -> None:
    for path in ("/checkpoint", f"/proof/{BRAKE}", "/tile/0/000"):
        assert client.post(path, content=b"x").status_code == 405


def test_bytes_that_nobody_could_read_are_handed_out_as_they_are(
    log: LogWriter, client: httpx.Client
) -> None:
    leaf = leaf_of(Message("actions-v1", 0, 0, None, b"\xff\x00", ()))
    log.append([leaf])
    digest, data = leaf.apart[0]
    assert get(client, f"/apart/{digest.hex()}").content == data


def test_an_empty_log_has_no_checkpoint_yet(client: httpx.Client) -> None:
    assert "nothing is sealed yet" in get(client, "/checkpoint", 404).text
    assert get(client, "/anchors").json() == []
