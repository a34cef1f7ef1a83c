"""A manifest, spoilt in any way, is read or refused with its file and line, and never worse."""

import re
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from runtime.manifests import load_manifest
from schemas.errors import ConfigurationError
from schemas.manifest import Manifest

ROOT = Path(__file__).parent.parent.parent
SOUND = (ROOT / "protocols" / "meadow.toml").read_text()
LINES = SOUND.splitlines(keepends=True)
FOLDER = Path(tempfile.mkdtemp(prefix="manifests-"))
VALUES = st.sampled_from(
    ["-1", "1e400", "nan", '""', "[]", "{}", "true", "0x10", '"\\u0000"', "1979-05-27", "9" * 400]
)

ODD = st.text(alphabet="\x00\r\n\t\u2028\ud800é\"'[]{}=#.,\\", max_size=4)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """The example with some lines cut, doubled, swapped, or given another value."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        match draw(st.sampled_from(["cut", "double", "swap", "value", "bytes"])):
            case "cut":
                lines[at] = ""
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case "value":
                lines[at] = f"{lines[at].partition('=')[0].strip() or 'x'} = {draw(VALUES)}\n"
            case _:
                place = draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:place] + draw(ODD) + lines[at][place:]
    return "".join(lines)


def _read(text: str) -> Manifest | None:
    path = FOLDER / "spoilt.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        return load_manifest(path)
    except ConfigurationError as error:
        for line in str(error).splitlines():
            assert re.match(r".*spoilt\.toml:\d+: ", line), line
        return None


@settings(deadline=None, max_examples=50)
@given(spoilt())
@example("[" * 20_000)
@example("a." * 5_000 + "b = 1")
@example(SOUND.replace("\n", "\r\n"))
@example("\ufeff" + SOUND)
def test_it_is_read_or_refused_with_its_line(text: str) -> None:
    _read(text)


def test_the_example_itself_is_sound() -> None:
    assert _read(SOUND) is not None
