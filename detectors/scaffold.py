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
""")

_MODULE = Template('''\
"""$class_name: say here what it sees."""

from detectors.api import Features, Spec
from detectors.baseline import Prior
from detectors.featured import Family, FeatureDetector
from schemas.chain import Transaction


class $class_name(FeatureDetector):
    """Flags transactions that move funds more often than is ordinary."""

    spec = Spec(
        name="$name",
        version="0.1.0",
        summary="Number of asset movements in one transaction.",
        technique="ADT3012",
        warm_up=50,
        false_positives=("airdrops and payrolls",),
        blind_spots=("a drain in a single movement",),
    )
    families = {
        "movements": Family(
            prior=Prior(mean=0.7, spread=0.7),
            words="{observed} movements of funds, ordinary are {expected}",
            floor=0.5,
        )
    }

    def features(self, tx: Transaction) -> Features:
        """Return what is counted, or nothing where the source cannot see it."""
        return {"movements": float(len(tx.flows))} if "flows" in tx.seen else {}
''')

_TEST = Template('''\
"""$class_name keeps every rule that Firebreak asks of a detector."""

from detectors.conformance import check_detector
from $module import $class_name


def test_it_conforms() -> None:
    assert check_detector($class_name) == []
''')

_README = Template("""\
# firebreak-$name

A detector for Firebreak.

    pip install -e .          # in Firebreak's environment
    firebreak plugins list    # it is installed; now put its name on detect.allowed and in a set
    firebreak detectors check $name
    pytest
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
