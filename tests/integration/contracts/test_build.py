"""The compiler's own word; that no source changed since is checked by its hash, without it."""

from pathlib import Path

import pytest

from contracts import build


@pytest.mark.slow
def test_the_artefacts_are_what_their_sources_compile_to(cache: Path) -> None:
    compiled = build.compile_sources(cache, print)
    assert build.differences(build.written(), compiled) == []
