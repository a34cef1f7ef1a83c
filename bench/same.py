"""Proof that a change was about speed alone: digests over all that the core set says.

    python -m bench.same [COUNT]

Over a seeded stream of COUNT transactions and, where they are, the recorded ones. `exact` covers
every byte of every alert; `rounded` every opinion, alerted or not, to 9 significant digits. Run it
before and after: only what reorders floating-point sums may change the first, nothing the second.
"""

import hashlib
import json
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


def digests(stream: Iterable[Transaction]) -> dict[str, object]:
    """Score a stream as the live service would, and return what it came to."""
    made, hosts = maker(), dict[str, Host]()
    exact, rounded, count, alerts = hashlib.sha256(), hashlib.sha256(), 0, 0
    for tx in stream:
        host = hosts.get(tx.protocol)
        if host is None:
            host = hosts[tx.protocol] = made.make(tx.chain, tx.protocol)
        opinion, alert = host.take(tx)
        count += 1
        if opinion is not None:
            views = [(view.score, view.rarity.p_value) for view in opinion.views]
            numbers = [opinion.p_value, opinion.evidence, *(n for view in views for n in view)]
            rounded.update(" ".join(f"{number:.9g}" for number in numbers).encode())
        if alert is not None:
            alerts += 1
            exact.update(encode(alert))
    return {
        "transactions": count,
        "alerts": alerts,
        "exact": exact.hexdigest()[:24],
        "rounded": rounded.hexdigest()[:24],
    }


def recorded_transactions(folder: Path) -> Iterator[Transaction]:
    """Yield what is recorded, each file as a protocol of its own."""
    decoder = Decoder()
    for path in (*(folder / part for part in PARTS), *sorted((folder / HISTORIES).glob("*.zip"))):
        for item in read(path):
            if isinstance(item.body, RawBlock):
                watch = Watch.everything(item.case)
                for raw in item.body.transactions:
                    yield from transactions(item.body, raw, watch, decoder)


def main() -> None:
    """Print the digests of both streams."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000
    found = {"seeded": digests(traffic.transactions(count, protocols=8, per_block=5))}
    folder = recorded()
    if folder is not None:
        found["recorded"] = digests(recorded_transactions(folder))
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
