"""Scenes come from a file that anybody may have written, and show only what plays."""

from pathlib import Path

import pytest

from assurance.chain import Outcome, Trial
from assurance.scenes import MAX_FILE_BYTES, playing, read
from schemas.errors import ConfigurationError
from tests.unit.assurance.fakes import FakeChain

WHO, WHERE = "0x" + "Aa" * 20, "0x" + "bb" * 20
CALL = f'[[scenes.calls]]\nfrom = "{WHO}"\nto = "{WHERE}"\ndata = "0x01"\n'


def test_the_last_call_is_the_one_that_tells(tmp_path: Path) -> None:
    path = tmp_path / "scenes.toml"
    path.write_text(f'[[scenes]]\nname = "one"\n{CALL}{CALL}value = "7"\n')
    (scene,) = read(path)
    assert scene.before == (Trial(WHO.lower(), WHERE, b"\x01"),)
    assert scene.call == Trial(WHO.lower(), WHERE, b"\x01", 7)


@pytest.mark.parametrize(
    "text",
    [
        "scenes = 1",
        '[[scenes]]\nname = "one"\ncalls = []',
        f'[[scenes]]\nname = ""\n{CALL}',
        '[[scenes]]\nname = "one"\n' + CALL.replace("0x01", "0x0"),
        '[[scenes]]\nname = "one"\n' + CALL.replace(WHERE, "0x12"),
        '[[scenes]]\nname = "one"\n' + CALL + "gas = 1",
        '[[scenes]]\nname = "one"\n' + CALL * 33,
        f'[[scenes]]\nname = "one"\n{CALL}' * 65,
        "a = " + "[" * 20_000,
        "#" * (MAX_FILE_BYTES + 1),
    ],
)
def test_what_is_no_file_of_scenes_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "scenes.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"scenes\.toml"):
        read(path)


def test_what_does_not_play_is_said_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "scenes.toml"
    other = CALL.replace("0x01", "0x02")
    path.write_text(f'[[scenes]]\nname = "plays"\n{CALL}[[scenes]]\nname = "fails"\n{CALL}{other}')
    chain = FakeChain(lambda trial: Outcome(ok=trial.data == b"\x01", data=b""))
    scenes, told = playing(chain, read(path))
    assert [one.name for one in scenes] == ["plays"]
    assert told == ["scene fails: call 2 does not go through"]
