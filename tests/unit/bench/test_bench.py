from itertools import islice

import pytest

from bench import traffic
from bench.decode import comparable, digest, eth_abi, made, own, web3_py
from bench.latency import quantile
from bench.report import Figure, Report, Section, machine, plain
from schemas.codec import encode


def test_everybody_measures_the_same_traffic() -> None:
    for kind in (traffic.transactions, traffic.events):
        first, again, other = kind(50), kind(50), kind(50, seed=2)
        values = [encode(record) for record in first]
        assert values == [encode(record) for record in again]
        assert values != [encode(record) for record in other]


def test_positions_rise_within_the_chain() -> None:
    places = [(tx.block, tx.index) for tx in traffic.transactions(400)]
    assert places == sorted(set(places))


def test_three_decoders_read_the_same_values() -> None:
    logs = comparable(islice(made(60), 60))
    assert len(logs) == 60
    assert digest(own(), logs) == digest(eth_abi(), logs) == digest(web3_py(), logs)


def test_a_report_shows_medians_aims_and_what_was_left_out() -> None:
    section = Section("Loops", (Figure("ours", (3.0, 1.0, 2.0), "x", "at least 2"),), ("rain",))
    report = Report("short", [section], machine())
    assert report.json()["sections"][0]["figures"][0]["median"] == 2.0
    assert "| ours | 2 x | 3: 1 to 3 | at least 2 |" in report.markdown()
    assert "Not measured: rain" in report.markdown()


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1234.5, "1,234"), (12.345, "12.3"), (0.01234, "0.0123")]
)
def test_numbers_are_written_for_people(value: float, text: str) -> None:
    assert plain(value) == text


def test_quantiles_are_values_that_were_seen() -> None:
    assert [quantile([1.0, 2.0, 3.0, 4.0], share) for share in (0.0, 0.5, 0.99)] == [1.0, 3.0, 4.0]
