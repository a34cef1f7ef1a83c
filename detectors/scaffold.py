"""A new detector's package, ready to edit: `firebreak detectors new NAME`."""

import re
from pathlib import Path
from string import Template

from schemas.errors import ConfigurationError

_NAME = re.compile(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$")

_PYPROJECT = Template("""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "firebreak-$name"
version = "0.1.0"
requires-python = ">=3.11"

[project.entry-points."firebreak.detectors"]
$name = "$module:$class_name"

[tool.hatch.build.targets.wheel]
packages = ["src/$module"]

[tool.pytest.ini_options]
pythonpath = ["src"]
testpaths = ["tests"]
""")

_MODULE = Template('''\
"""$class_name: say here what it sees."""

from typing import ClassVar

from detectors.api import Features, Spec
from detectors.featured import Family, FeatureDetector, count
from schemas.chain import Transaction


class $class_name(FeatureDetector):
    """Flags transactions that move funds more often than is ordinary."""

    spec: ClassVar[Spec] = Spec(
        name="$name",
        version="0.1.0",
        summary="Number of asset movements in one transaction.",
        technique="ADT3012",
        made_from=("movements",),
        warm_up=50,
        false_positives=("airdrops and payrolls",),
        blind_spots=("a drain in a single movement",),
    )
    families: ClassVar[dict[str, Family]] = {
        "movements": count("{observed} movements of funds, ordinary are {expected}"),
    }

    def features(self, tx: Transaction) -> Features:
        """Return what is counted, or nothing where the source cannot see it."""
        return {"movements": float(len(tx.flows))} if "flows" in tx.seen else {}
''')

_TEST = Template('''\
"""$class_name keeps every rule of Firebreak's, and sees what it is for."""

from detectors import samples
from detectors.api import Scope
from detectors.conformance import check_detector
from schemas.chain import Transaction

from $module import $class_name


def taught() -> $class_name:
    detector = $class_name(Scope(samples.CHAIN, samples.PROTOCOL))
    for tx in samples.transactions(200):
        detector.learn_one(detector.features(tx), 1.0)
    return detector


def moving(times: int) -> Transaction:
    flow = next(samples.transactions(1)).flows[0]
    return samples.make(10_000, flows=(flow,) * times)


def test_it_conforms() -> None:
    assert check_detector($class_name) == []


def test_it_is_surprised_by_what_it_is_for() -> None:
    detector = taught()
    x = detector.features(moving(80))
    assert detector.score_one(x) > 3.0
    assert "80 movements" in detector.explain_one(x, moving(80)).reasons[0].text


def test_it_lets_a_near_miss_pass() -> None:
    detector = taught()
    assert detector.score_one(detector.features(moving(2))) < 1.0
''')

_README = Template("""\
# firebreak-$name

A detector for Firebreak, in one file: `src/$module/__init__.py`.

1. Say what it looks at: `features` turns a transaction into numbers by name. What the source could
   not see is left out, never written as zero.
2. Say how each number behaves: a `count`, a `size` or an `amount` (`detectors/featured.py`). The
   baselines, the surprise and the explanation come with it.
3. Be honest in `spec`: the technique it sees, what it will take for an attack, what it cannot see.
4. Try it: `pytest`. The conformance suite tells what a detector has to keep.
5. Install it where Firebreak is: `pip install --no-deps .`
6. `firebreak plugins list` shows it, and that it may not run yet.
7. `firebreak detectors check $name` runs it confined, and tries whether the limits hold there.
8. Allow it and give it a set of its own, in firebreak.toml:

       [detect]
       allowed = ["asset-outflow", "price-move", "call-shape", "$name"]
       sets.$set = ["$name"]

9. `firebreak score FILES --set $set --out scores.csv` shows what it would have said.
10. `firebreak detect --set $set` runs it. It has 512 MiB, a second of CPU time for each answer, one
    thread, no network and no files; five failures and it is off until the service starts again.
""")


def write(name: str, parent: Path) -> Path:
    """Write the package and return its folder. Raises `ConfigurationError` for a bad name or a
    folder that exists."""
    if not _NAME.match(name):
        raise ConfigurationError(f"{name!r} is not a name like my-detector")
    folder = parent / f"firebreak-{name}"
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already")
    words = {
        "name": name,
        "module": f"firebreak_{name.replace('-', '_')}",
        "set": name.replace("-", "_"),
        "class_name": "".join(part.capitalize() for part in name.split("-")),
    }
    files = {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        f"src/{words['module']}/__init__.py": _MODULE,
        f"tests/test_{words['module']}.py": _TEST,
    }
    for path, template in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(template.substitute(words))
    return folder
