"""What the outlook knows, and for how long."""

from fractions import Fraction
from pathlib import Path

from responders.allowance import Bucket
from responders.bounds import Look
from responders.outlook import BELIEVED
from tests.unit.responders.bench import Bench, bench
from tests.unit.responders.fakes import FakeChain

BLOCK = 12
"""Seconds between two blocks of the chain in memory."""
SEEN = Bucket(Fraction(100), Fraction(1))


def known(responder: Bench) -> float | None:
    """Return what the buckets count for in the decision on an alert."""
    bucket = responder.outlook.bucket("meadow")
    return None if bucket is None else float(bucket.capacity)


def test_buckets_that_nobody_looks_at_any_more_bound_nothing(tmp_path: Path) -> None:
    with bench(tmp_path / "journal.jsonl", FakeChain(101)) as responder:
        responder.responder.tell(Look("meadow", (), SEEN, {}))
        responder.mine()
        responder.mine(BELIEVED // BLOCK)
        assert known(responder) == 100
        responder.mine()
        assert known(responder) is None
        responder.responder.tell(Look("meadow", (), SEEN, {}))
        responder.mine()
        assert known(responder) == 100
        responder.responder.tell(Look("meadow", (), None, {}))
        responder.mine()
        assert known(responder) is None
