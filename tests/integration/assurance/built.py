"""Projects of some of our sources, as the pinned compiler builds them."""

import shutil
from pathlib import Path

from contracts.build import SOURCES, make_project


def project(folder: Path, cache: Path, *names: str) -> Path:
    sources = folder / "sources"
    for name in names:
        place = sources / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCES / name, place)
    make_project(folder / "project", sources, cache, print)
    return folder / "project"
