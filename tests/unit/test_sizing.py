"""The model of docs/scaling.md: its table is current, its arithmetic what the page says."""

import json
from pathlib import Path

import msgspec
import pytest

from bench import sizing
from bench.sizing import Chain, Deployment, filled, read, size, table
from detectors.snapshots import SWEEP_RECORDS, SWEEP_SECONDS
from schemas.topics import EVENTS, TRANSACTIONS


def test_the_page_shows_what_the_inputs_give() -> None:
    page = sizing.PAGE.read_text()
    assert filled(page, table(read())) == page or "make bench" in page


def test_the_inputs_say_what_the_topics_are() -> None:
    kafka = read().kafka
    assert kafka.partitions == EVENTS.partitions + TRANSACTIONS.partitions
    assert kafka.transactions_partitions == TRANSACTIONS.partitions
    assert kafka.transactions_days * 24 == TRANSACTIONS.retention_hours
    assert kafka.events_days * 24 == EVENTS.retention_hours


def test_the_inputs_say_how_often_states_are_written() -> None:
    state = read().state
    assert (state.sweep_records, state.sweep_seconds) == (SWEEP_RECORDS, SWEEP_SECONDS)


def test_a_state_is_written_no_more_often_than_it_changes() -> None:
    inputs = read()
    per_state = inputs.state.protocol_bytes * inputs.record.compression
    quiet, busy = deployment(0.001), deployment(1e5)
    assert size(quiet, inputs).written < 0.002 * per_state + 1e4
    assert size(busy, inputs).written > 10 * (1e5 / 16 / 500) * 0.5 * per_state


def deployment(transactions: float, blocks: float = 1.0) -> Deployment:
    return Deployment("x", 10, (Chain("x", transactions, blocks, 0.5),))


def test_records_and_markers_follow_traffic_and_blocks() -> None:
    inputs = read()
    found = size(deployment(100.0, blocks=4.0), inputs)
    assert found.records == pytest.approx(100 * 0.5 * inputs.record.protocols)
    assert found.markers == 4.0 * 32


@pytest.mark.parametrize("transactions", [1.0, 1e3, 1e5])
def test_detectors_are_enough_for_the_peak_and_one_fewer_is_not(transactions: float) -> None:
    inputs = read()
    found, capacity = size(deployment(transactions), inputs), inputs.capacity
    peak = found.records * capacity.peak
    assert peak <= found.detect * capacity.detect * capacity.utilisation
    assert found.detect == 1 or peak > (found.detect - 1) * capacity.detect * capacity.utilisation


def test_one_ingest_for_each_chain_and_what_is_too_much_for_it_shows() -> None:
    inputs = read()
    assert size(deployment(100.0), inputs).ingest == 1
    assert size(deployment(100.0), inputs).busiest < 1 < size(deployment(1e4), inputs).busiest


def test_more_instances_share_the_state_and_the_rest_grows_in_proportion() -> None:
    inputs = read()
    small, large = size(deployment(1e3), inputs), size(deployment(1e5), inputs)
    assert large.memory < small.memory
    assert large.written > 50 * small.written
    assert large.disk > 50 * small.disk


def test_what_was_measured_replaces_what_was_assumed(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    figure = {"what": sizing.MEASURED, "runs": [9000.0, 12000.0, 11000.0]}
    report.write_text(json.dumps({"sections": [{"title": "x", "figures": [figure]}]}))
    inputs = read(report)
    assert inputs.capacity.detect == 11000.0
    assert "11,000" in table(inputs)
    assert "make bench" in table(inputs)


def test_a_report_without_the_figure_is_refused(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"sections": []}')
    with pytest.raises(SystemExit, match="run make bench first"):
        read(report)


def test_an_input_that_is_not_known_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"detect": 1.0, "speed": 2.0}, sizing.Capacity)
