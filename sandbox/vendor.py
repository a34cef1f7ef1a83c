"""What the console's pages are made of beside our own: copies of files of pinned npm packages.

They are committed, because a console has to work where no registry answers. `python -m
sandbox.vendor` copies them anew from the packages that `pins/npm.json` names, checked by their
integrity; a test holds the copies to the packages.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from runtime.settings import load
from sandbox.fetch_npm import npm_package
from sandbox.store import Report

VENDOR = Path(__file__).parents[1] / "console" / "static" / "vendor"

FILES = {
    "idiomorph.esm.js": ("idiomorph", "dist/idiomorph.esm.js"),
    "idiomorph.LICENSE": ("idiomorph", "LICENSE"),
    "uPlot.esm.js": ("uplot", "dist/uPlot.esm.js"),
    "uPlot.css": ("uplot", "dist/uPlot.min.css"),
    "uPlot.LICENSE": ("uplot", "LICENSE"),
}
"""By the name here: its package, and its place in that."""


def vendored(cache: Path, report: Report) -> Iterator[tuple[Path, bytes]]:
    """Return where each file belongs, and its bytes as the package has them.

    Raises as `npm_package` does.
    """
    for name, (package, place) in FILES.items():
        yield VENDOR / name, (npm_package(cache, package, report) / place).read_bytes()


def main() -> None:
    """Copy them."""
    VENDOR.mkdir(parents=True, exist_ok=True)

    def report(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    for path, data in vendored(load().cache, report):
        path.write_bytes(data)


if __name__ == "__main__":
    main()
