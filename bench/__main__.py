"""`make bench`: measures, prints JSON and Markdown, keeps both beside the flame graphs.

    python -m bench [--short] [--only NAME ...] [--no-flames] [--docs]

A short run is for CI. It fails, like a full one, on a wrong result alone, never on time.
"""

import argparse
import importlib
import json
import sys

from bench import flames
from bench.place import RESULTS, ROOT, Place
from bench.report import BrokenResultError, Report, machine

DOCS = ROOT / "docs" / "performance.md"
_BEGIN, _END = "<!-- figures -->", "<!-- /figures -->"
MEASUREMENTS = (
    "decode",
    "detect",
    "stages",
    "latency",
    "ingest",
    "brake",
    "replay",
    "memory",
    "scale",
)


def main() -> int:
    """Run what was asked for; return 1 after a wrong result."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed.")
    parser.add_argument("--short", action="store_true", help="small sizes, one run each")
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="some measurements alone")
    parser.add_argument("--no-flames", action="store_true", help="draw no flame graphs")
    parser.add_argument("--docs", action="store_true", help="put the tables into the docs")
    given = parser.parse_args()
    place, sections, broken, told = Place(given.short), [], [], machine()
    with place.stack:
        for name in given.only or MEASUREMENTS:
            _say(f"measuring: {name}")
            try:
                sections.append(importlib.import_module(f"bench.{name}").measure(place))
            except BrokenResultError as error:
                broken.append(f"{name}: {error}")
                _say(f"BROKEN {broken[-1]}")
        if not given.no_flames:
            for page in flames.draw(place):
                _say(f"flame graph: {page}")
    report = Report("short" if given.short else "full", sections, told)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "report.json").write_text(json.dumps(report.json(), indent=1) + "\n")
    (RESULTS / "report.md").write_text(report.markdown())
    sys.stdout.write(json.dumps(report.json()) + "\n\n" + report.markdown())
    if given.docs:
        write_docs(report.markdown())
    _say(f"kept in {RESULTS}")
    return 1 if broken else 0


def write_docs(tables: str) -> None:
    """Put the tables between the marks of `docs/performance.md`."""
    before, _, rest = DOCS.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    DOCS.write_text(f"{before}{_BEGIN}\n{tables}\n{_END}{after}")


def _say(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")


if __name__ == "__main__":
    raise SystemExit(main())
