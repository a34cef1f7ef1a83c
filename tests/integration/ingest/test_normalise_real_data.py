"""Records made of every shape of recorded data."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import normalise
from ingest.decode import Decoder
from ingest.files import read
from ingest.flows import flows
from ingest.frames import calls, normal_form
from ingest.raw import RawBlock, RawFrame, RawTransaction
from ingest.watch import Watch
from schemas.chain import Flow, Transaction
from schemas.codec import encode
from schemas.units import NATIVE

BALANCER = "balancer_sta_block"
EXPLOIT = "0x013be97768b702fe8eccef1a40544d5ecb3c1961ad5f87fee4d16fdc08c78106"
BORROWED = ("delegatecall", "callcode")


def blocks(folder: Path) -> Iterator[tuple[str, RawBlock]]:
    for item in read(folder):
        if isinstance(item.body, RawBlock):
            yield item.case, item.body


def transactions(folder: Path) -> Iterator[RawTransaction]:
    for _, block in blocks(folder):
        yield from block.transactions


def records(folder: Path) -> Iterator[bytes]:
    decoder = Decoder()
    for case, block in blocks(folder):
        watch = Watch.everything(case)
        for tx in block.transactions:
            for transaction in normalise.transactions(block, tx, watch, decoder):
                yield encode(transaction)
            for event in normalise.events(block, tx, decoder, watch):
                yield encode(event)
            for deployment in normalise.deployments(block, tx):
                yield encode(deployment)


@pytest.mark.parametrize(
    "folder",
    [
        BALANCER,
        "benign_traces",
        "ethereum_etl",
        "exploit_traces",
        "mev_blocks",
        "recent_blocks",
        pytest.param("protocol_histories", marks=pytest.mark.slow),
        pytest.param("raw_logs", marks=pytest.mark.slow),
    ],
)
def test_every_record_of_every_recorded_shape_can_be_encoded(data: Path, folder: str) -> None:
    assert sum(1 for _ in records(data / folder)) > 0


def test_a_second_reading_gives_the_same_bytes(data: Path) -> None:
    assert list(records(data / BALANCER)) == list(records(data / BALANCER))


def told_otherwise(frames: list[RawFrame]) -> list[RawFrame]:
    """Tell the same tree as another tracer would: without precompiled contracts, without the value
    that a delegatecall repeats, with no more of the input than the selector."""
    precompiled = {f"0x{number:040x}" for number in range(1, 10)}
    return [
        replace(
            frame,
            value=0 if frame.kind in BORROWED else frame.value,
            input=frame.input[:10],
        )
        for frame in frames
        if frame.to not in precompiled
    ]


@pytest.mark.parametrize("folder", ["exploit_traces", "benign_traces", "mev_blocks"])
def test_tracers_that_tell_the_same_tree_differently_cannot_be_told_apart(
    data: Path, folder: str
) -> None:
    for tx in transactions(data / folder):
        frames = tx.frames or []
        assert calls(normal_form(frames)) == calls(normal_form(told_otherwise(frames)))


def test_forwarding_delegatecalls_are_gone_and_their_implementations_named(data: Path) -> None:
    found: Counter[str] = Counter()
    for tx in transactions(data / "exploit_traces"):
        raw, kept = tx.frames or [], normal_form(tx.frames or [])
        borrowed = sum(frame.kind in BORROWED for frame in raw)
        found["borrowed"] += borrowed
        found["spliced"] += borrowed - sum(frame.kind in BORROWED for frame in kept)
        found["named"] += sum(frame.code is not None for frame in kept)
    assert found["borrowed"] == 880 + 1041
    assert found["spliced"] == found["named"] == 828 + 1 + 468


def test_logs_and_calls_of_the_same_attack_show_the_same_movements_of_ordinary_tokens(
    data: Path,
) -> None:
    (logged,) = (tx for tx in transactions(data / BALANCER) if tx.hash == EXPLOIT)
    (traced,) = (tx for tx in transactions(data / "exploit_traces") if tx.hash == EXPLOIT)
    by_logs = by_token(flows(logged, None, Decoder())[0])
    by_calls = by_token(flows(traced, normal_form(traced.frames or []), Decoder())[0])
    # coin does not show in logs; the attacked token keeps a fee; the pool mints its own shares
    assert len(by_logs) == 6
    assert sum(by_logs[token] == by_calls[token] for token in by_logs) == 4
    assert set(by_calls) - set(by_logs) == {NATIVE}


def by_token(found: tuple[Flow, ...]) -> dict[str, list[Flow]]:
    tokens: dict[str, list[Flow]] = defaultdict(list)
    for flow in found:
        tokens[flow.token].append(flow)
    return tokens


def test_a_block_s_transactions_are_records_of_the_protocols_they_touch(data: Path) -> None:
    ((case, block),) = blocks(data / BALANCER)
    found: list[Transaction] = []
    for tx in block.transactions:
        found += normalise.transactions(block, tx, Watch.everything(case), Decoder())
    assert len(found) == 28
    assert len({record.id for record in found}) == 28
    assert sum(len(record.logs) for record in found) == 613
    assert {record.cut for record in found} == {0}
