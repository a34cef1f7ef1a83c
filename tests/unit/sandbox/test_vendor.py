"""What the console's pages are made of is what the pinned packages hold."""

from pathlib import Path

from runtime.settings import load
from sandbox.fetch_npm import pins
from sandbox.vendor import FILES, VENDOR, vendored


def test_the_copies_are_the_packages_own_files() -> None:
    for path, data in vendored(load().cache, lambda _line: None):
        assert path.read_bytes() == data, f"{path}: python -m sandbox.vendor copies it anew"


def test_nothing_else_lies_there_and_every_package_has_its_licence() -> None:
    assert {path.name for path in VENDOR.iterdir()} == set(FILES)
    for package, _ in FILES.values():
        assert "LICENSE" in pins()[package]["keep"]
        assert any(Path(place).name == "LICENSE" for one, place in FILES.values() if one == package)
