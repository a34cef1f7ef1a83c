"""Proof that a change was about speed alone: all that the core set says, before and after.

    python -m bench.same FILE [COUNT]

The first time it scores a seeded stream of COUNT transactions and, where they are, the recorded
ones, and keeps in FILE every score and p-value of every transaction and every alert. From then on
it compares: which alerts differ, in how many bytes or in how much of their numbers.
"""

import json
import pickle
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench import traffic
from bench.loops.scoring import maker
from bench.place import recorded
from detectors.host import Host
from ingest.decode import Decoder
from ingest.files import read
from ingest.normalise import transactions
from ingest.raw import RawBlock
from ingest.watch import Watch
from schemas.chain import Transaction
from schemas.codec import encode

PARTS = ("balancer_sta_block", "mev_blocks", "benign_traces", "ethereum_etl/test_stream")
HISTORIES = "protocol_histories"

Said = tuple[list[float], dict[str, bytes]]
"""Every number, and every alert by its id."""


def said(stream: Iterable[Transaction]) -> Said:
    """Score a stream as the live service would."""
    made, hosts = maker(), dict[str, Host]()
    numbers: list[float] = []
    alerts: dict[str, bytes] = {}
    for tx in stream:
        host = hosts.get(tx.protocol)
        if host is None:
            host = hosts[tx.protocol] = made.make(tx.chain, tx.protocol)
        opinion, alert = host.take(tx)
        if opinion is not None:
            numbers += (opinion.p_value, opinion.evidence)
            for view in opinion.views:
                numbers += (view.score, view.rarity.p_value)
        if alert is not None:
            alerts[alert.id] = encode(alert)
    return numbers, alerts


def recorded_transactions(folder: Path) -> Iterator[Transaction]:
    """Yield what is recorded, each file as a protocol of its own."""
    decoder = Decoder()
    for path in (*(folder / part for part in PARTS), *sorted((folder / HISTORIES).glob("*.zip"))):
        for item in read(path):
            if isinstance(item.body, RawBlock):
                watch = Watch.everything(item.case)
                for raw in item.body.transactions:
                    yield from transactions(item.body, raw, watch, decoder)


def _apart(before: float, after: float) -> float:
    """Return the relative difference; numbers that are both nought to 12 places do not differ."""
    return abs(before - after) / max(abs(before), abs(after), 1e-15) * (abs(before - after) > 1e-12)


def compare(before: Said, after: Said) -> dict[str, object]:
    """Say in what two runs differ."""
    apart = max(map(_apart, before[0], after[0]), default=0.0)
    both = before[1].keys() & after[1].keys()
    return {
        "numbers": len(after[0]),
        "largest relative difference": apart,
        "equal to the last bit": sum(a == b for a, b in zip(before[0], after[0], strict=True)),
        "alerts": len(after[1]),
        "alerts in one run only": len(before[1].keys() ^ after[1].keys()),
        "alerts equal in every byte": sum(before[1][name] == after[1][name] for name in both),
    }


def main() -> None:
    """Keep, or compare with what was kept."""
    kept, count = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 12_000
    found = {"seeded": said(traffic.transactions(count, protocols=8, per_block=5))}
    folder = recorded()
    if folder is not None:
        found["recorded"] = said(recorded_transactions(folder))
    if not kept.exists():
        kept.write_bytes(pickle.dumps(found))
        return
    before = pickle.loads(kept.read_bytes())  # noqa: S301 - this module wrote it
    told = {name: compare(before[name], run) for name, run in found.items() if name in before}
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
