"""How large a deployment has to be: a model with its inputs in `sizing.toml`.

`python -m bench.sizing [REPORT]` writes the table into docs/scaling.md. With a report of the bench,
what a core scores is taken from there, not from the file.
"""

import json
import math
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

INPUTS = Path(__file__).with_name("sizing.toml")
PAGE = Path(__file__).parent.parent / "docs" / "scaling.md"
BEGIN, END = "<!-- sizing: begin, written by `make sizing` -->", "<!-- sizing: end -->"
MEASURED = "transactions, ours"
DAY = 86_400


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file."""


class Capacity(_Part, frozen=True):
    """What one core does, and how busy it should be."""

    detect: float
    ingest: float
    utilisation: float
    peak: float
    source: str = "assumed, bench/sizing.toml"


class RecordSize(_Part, frozen=True):
    """What a watched transaction becomes on the topics."""

    bytes: float
    event_bytes: float
    events: float
    marker_bytes: float
    compression: float
    protocols: float


class Kafka(_Part, frozen=True):
    """How often, how long and how widely records are kept."""

    replication: int
    transactions_days: float
    events_days: float
    partitions: int
    transactions_partitions: int


class State(_Part, frozen=True):
    """What a process holds."""

    protocol_bytes: float
    process_bytes: float
    sweep_records: float
    """Of a partition, after which the protocols that changed are written."""
    sweep_seconds: float
    """After which they are at the latest."""
    look_seconds: float
    """Between two looks whether they have to be."""


class Chain(_Part, frozen=True):
    """A chain's average traffic, per second; which share of it touches something watched."""

    name: str
    transactions: float
    blocks: float
    watched: float


class Deployment(_Part, frozen=True):
    """What is watched."""

    name: str
    protocols: int
    chains: tuple[Chain, ...]


class Inputs(_Part, frozen=True):
    """All of the file."""

    capacity: Capacity
    record: RecordSize
    kafka: Kafka
    state: State
    deployment: tuple[Deployment, ...]


class Size(msgspec.Struct, frozen=True):
    """What a deployment needs."""

    records: float
    """Transaction records a second."""
    markers: float
    """Block markers a second, over all partitions."""
    ingest: int
    """Processes: one is active for each chain."""
    busiest: float
    """Share of a core that the busiest chain needs at the peak; above 1, it is too much."""
    detect: int
    memory: float
    """Of one detect process, in bytes."""
    written: float
    """By producers, in bytes a second as compressed."""
    disk: float
    """Over all brokers, in bytes."""
    catch_up: float
    """Seconds that detect takes to make up for an hour's stop."""


def size(watched: Deployment, inputs: Inputs) -> Size:
    """Return what a deployment needs; every step is one line of docs/scaling.md."""
    capacity, record, kafka, state = inputs.capacity, inputs.record, inputs.kafka, inputs.state
    touching = sum(chain.transactions * chain.watched for chain in watched.chains)
    records = touching * record.protocols
    markers = sum(chain.blocks for chain in watched.chains) * kafka.partitions
    usable = capacity.detect * capacity.utilisation
    detect = max(1, math.ceil(records * capacity.peak / usable))
    busiest = max(chain.transactions for chain in watched.chains) * capacity.peak / capacity.ingest
    transactions = records * record.bytes * record.compression
    events = touching * record.events * record.event_bytes * record.compression
    marks = markers * record.marker_bytes * record.compression
    sweeps = records / kafka.transactions_partitions / state.sweep_records
    sweeps = min(sweeps, 1 / state.look_seconds)
    each = watched.protocols * max(1 / state.sweep_seconds, sweeps)
    states = min(records, each) * state.protocol_bytes * record.compression
    kept = (transactions + marks / 2) * kafka.transactions_days
    kept += (events + marks / 2) * kafka.events_days
    return Size(
        records=records,
        markers=markers,
        ingest=len(watched.chains),
        busiest=busiest,
        detect=detect,
        memory=state.process_bytes + state.protocol_bytes * watched.protocols / detect,
        written=transactions + events + marks + states,
        disk=kept * DAY * kafka.replication,
        catch_up=3600 * records / (capacity.detect * detect - records),
    )


def table(inputs: Inputs) -> str:
    """Return the table of all deployments, with what it rests on."""
    titles = (
        "records/s",
        "markers/s",
        "ingest",
        "its busiest core",
        "detect",
        "memory each",
        "to Kafka",
        "disk, all brokers",
        "an hour is made up in",
    )
    rows = [f"| | {' | '.join(titles)} |", f"|---|{'---:|' * len(titles)}"]
    for one in inputs.deployment:
        found = size(one, inputs)
        rows.append(
            f"| {one.name} | {found.records:,.1f} | {found.markers:,.0f} | {found.ingest} "
            f"| {found.busiest:.0%} | {found.detect} | {found.memory / 2**20:,.0f} MiB "
            f"| {found.written / 2**10:,.0f} KiB/s | {found.disk / 2**30:,.0f} GiB "
            f"| {found.catch_up:,.0f} s |"
        )
    capacity = inputs.capacity
    basis = (
        f"One core scores {capacity.detect:,.0f} transaction records a second ({capacity.source}), "
        f"is {capacity.utilisation:.0%} busy at the peak, and the peak is {capacity.peak:g} times "
        "the average. Every other input is in `bench/sizing.toml`."
    )
    return "\n".join([*rows, "", basis])


def read(report: Path | None = None) -> Inputs:
    """Read the inputs, and what a core scores from a report of the bench."""
    inputs = msgspec.convert(tomllib.loads(INPUTS.read_text()), Inputs)
    if report is None:
        return inputs
    figure = _figure(json.loads(report.read_text()))
    source = f"`make bench`, {report.name}"
    capacity = msgspec.structs.replace(inputs.capacity, detect=figure, source=source)
    return msgspec.structs.replace(inputs, capacity=capacity)


def _figure(report: Any) -> float:
    for section in report["sections"]:
        for figure in section["figures"]:
            if figure["what"] == MEASURED:
                return float(
                    figure.get("value") or sorted(figure["runs"])[len(figure["runs"]) // 2]
                )
    raise SystemExit(f"that report has no figure {MEASURED!r}: run make bench first")


def filled(page: str, content: str) -> str:
    """Return the page with new content between its two marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def main(arguments: Sequence[str]) -> None:
    """Write the page."""
    inputs = read(Path(arguments[0]) if arguments else None)
    PAGE.write_text(filled(PAGE.read_text(), table(inputs)))


if __name__ == "__main__":
    main(sys.argv[1:])
