"""Fuzzes one target for a while, guided by coverage: `python -m tests.fuzz.run codec --seconds 30`.

Starts from the kept corpus. What reaches new code is written to `build/fuzz/TARGET`; an input that
breaks a promise to `build/fuzz/TARGET-broken-*`: mend what it shows, then keep it in the corpus.
`--merge` adds to the kept corpus the smallest inputs that reach what it does not reach yet.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # ships no types

CORPUS = Path(__file__).parent / "corpus"
FOUND = Path("build/fuzz")
_LONGEST_KEPT = 2048


def main() -> int:
    """Fuzz every target asked for; return 1 if one broke a promise."""
    known = sorted(path.name for path in CORPUS.iterdir())
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=known, help="default: all")
    parser.add_argument("--seconds", type=int, default=20, help="for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--merge", action="store_true", help="add to the kept corpus, do not fuzz")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        _fuzz(asked.one, asked.seconds, asked.seed, merge=asked.merge)
        return 0
    broken = [name for name in asked.targets if _in_its_own_process(name, asked)]
    print(f"broken: {', '.join(broken)}" if broken else "no promise was broken")  # noqa: T201 - a command
    return 1 if broken else 0


def _in_its_own_process(name: str, asked: argparse.Namespace) -> int:
    """libFuzzer ends the process it runs in."""
    (FOUND / name).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz.run", "--one", name]
    command += ["--seconds", str(asked.seconds), "--seed", str(asked.seed)]
    return subprocess.run([*command, *["--merge"] * asked.merge], check=False).returncode


def _fuzz(name: str, seconds: int, seed: int, *, merge: bool) -> None:
    with atheris.instrument_imports(
        include=["schemas", "runtime", "ingest", "responders", "tests.fuzz.targets"]
    ):
        from tests.fuzz.targets import MAX_INPUT, TARGETS

    kept, new = str(CORPUS / name), str(FOUND / name)
    options = [
        f"-seed={seed}",
        f"-max_len={_LONGEST_KEPT if merge else MAX_INPUT}",
        "-rss_limit_mb=2048",
        "-timeout=10",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    options += ["-merge=1", kept, new] if merge else [f"-max_total_time={seconds}", new, kept]
    target = TARGETS[name]

    def keeping(data: bytes) -> None:
        try:
            target(data)
        except BaseException:
            broken = FOUND / f"{name}-broken-{hashlib.sha256(data).hexdigest()[:12]}"
            broken.write_bytes(data)
            print(f"\n{broken}")  # noqa: T201 - a command
            raise

    atheris.Setup([sys.argv[0], *options], keeping)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
