from pathlib import Path

from contracts import build


def test_the_artefacts_are_what_their_sources_compile_to(cache: Path) -> None:
    compiled = build.compile_sources(cache, print)
    assert build.differences(build.written(), compiled) == []
