"""How the checks of code alone do on recorded contracts: how long one takes, how much of it can be
followed, and what is found in those that nobody calls malicious.

    python -m bench.assure [FILE]

FILE is `contract_bytecode/contracts.jsonl.gz` of the recorded data; without it, it is looked for as
the tests look for it.
"""

import gzip
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from assurance.chain import Chain, Outcome, Place, Trial
from assurance.checks import operations, prices
from assurance.proxies import Proxied
from assurance.subject import Known, Subject
from assurance.walk import Walk, walk

ROOT = Path(__file__).parent.parent


class Recorded(msgspec.Struct):
    """One contract of the file."""

    label: str
    runtime_code: str = ""


class Nothing:
    """A chain on which there is nothing else."""

    place = Place(0, 0)

    def at(self, block: int) -> "Nothing":
        """Return the same: nothing, at any block."""
        del block
        return self

    def code(self, address: str) -> bytes:
        """Return no code."""
        del address
        return b""

    def word(self, address: str, slot: int) -> int:
        """Return an empty word."""
        del address, slot
        return 0

    def storage(self, places: Sequence[tuple[str, int]]) -> list[int]:
        """Return empty words."""
        return [0 for _ in places]

    def run(self, trials: Sequence[Trial]) -> list[Outcome]:
        """Refuse every call."""
        return [Outcome(ok=False, data=b"") for _ in trials]


def recorded(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield label and deployed code."""
    with gzip.open(path, "rb") as file:
        for line in file:
            one = msgspec.json.decode(line, type=Recorded)
            code = bytes.fromhex(one.runtime_code.removeprefix("0x"))
            if code:
                yield one.label, code


def found(code: bytes) -> set[str]:
    """Return the checks that an unknown contract's code fails."""
    chain: Chain = Nothing()
    subject = Subject(chain, "0x" + "11" * 20, "other", Proxied("none"), code, Known())
    weaknesses = [*operations.weaknesses(subject), *prices.weaknesses(subject)]
    return {one.check for one in weaknesses}


def main() -> int:
    """Print the figures; return the exit status."""
    data = Path(os.environ.get("FIREBREAK_DATA") or ROOT.parent / "shared" / "data")
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else data / "contract_bytecode/contracts.jsonl.gz"
    if not path.is_file():
        sys.stderr.write(f"no recorded contracts at {path}; name the file\n")
        return 2
    seconds, whole, checks, count = list[float](), 0, dict[str, Counter[str]](), Counter[str]()
    for label, code in recorded(path):
        walk.cache_clear()
        begin = time.perf_counter()
        seen: Walk = walk(code)
        names = found(code)
        seconds.append(time.perf_counter() - begin)
        whole += seen.complete
        count[label] += 1
        checks.setdefault(label, Counter()).update(names)
    ordered = sorted(seconds)
    sys.stdout.write(
        f"{len(seconds)} contracts, {whole} followed to their end; seconds each: median "
        f"{statistics.median(seconds):.3f}, 99 of 100 within "
        f"{ordered[int(0.99 * len(ordered))]:.3f}, most {ordered[-1]:.3f}\n"
    )
    for label in sorted(checks):
        told = ", ".join(f"{name} {n}" for name, n in checks[label].most_common())
        sys.stdout.write(f"{label} ({count[label]}): {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
