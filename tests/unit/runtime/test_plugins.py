import sys
from pathlib import Path

import pytest

from runtime import plugins
from schemas.errors import ConfigurationError

GROUP = "firebreak.test-plugins"


def _install(site: Path, distribution: str, entries: dict[str, str], version: str = "1.0") -> None:
    """Put a distribution on the path as an installer would."""
    folder = site / f"{distribution}-{version}.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
    )
    lines = [f"[{GROUP}]", *(f"{name} = {target}" for name, target in entries.items())]
    (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_plugin_is_loaded_by_its_name(site: Path) -> None:
    _install(site, "good-one", {"fine": "json:loads"})

    plugin = plugins.choose(GROUP, "fine", ["fine"])

    assert (plugin.distribution, plugin.version) == ("good-one", "1.0")
    assert plugin.load()("[1]") == [1]


def test_installed_plugins_are_listed_by_name(site: Path) -> None:
    _install(site, "b-pack", {"zeta": "json:loads", "alpha": "json:dumps"})
    _install(site, "a-pack", {"alpha": "json:loads"})

    found = [(plugin.name, plugin.distribution) for plugin in plugins.installed(GROUP)]

    assert found == [("alpha", "a-pack"), ("alpha", "b-pack"), ("zeta", "b-pack")]


def test_a_name_that_two_distributions_claim_belongs_to_neither(site: Path) -> None:
    _install(site, "good-one", {"fine": "json:loads"})
    _install(site, "evil-twin", {"fine": "os:system"})

    with pytest.raises(ConfigurationError, match="claimed by evil-twin, good-one"):
        plugins.choose(GROUP, "fine", ["fine"])


def test_a_plugin_that_is_not_allowed_is_not_even_looked_for(site: Path) -> None:
    _install(site, "good-one", {"fine": "json:loads"})

    with pytest.raises(ConfigurationError, match=r"'fine' is not on the allow-list.*allowed"):
        plugins.choose(GROUP, "fine", ["other"])


def test_a_plugin_that_is_not_installed_is_said_not_to_be(site: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no plug-in named 'fine'.*installed: none"):
        plugins.choose(GROUP, "fine", ["fine"])
    _install(site, "good-one", {"other": "json:loads"})
    with pytest.raises(ConfigurationError, match="installed: other"):
        plugins.choose(GROUP, "fine", ["fine"])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (None, "ModuleNotFoundError"),
        ("import no_such_module", "no_such_module"),
        ("1 / 0", "ZeroDivisionError"),
        ("", "AttributeError"),
        ("def Detector(: pass", "SyntaxError"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
    ],
)
def test_a_plugin_that_cannot_be_imported_says_why(
    site: Path, monkeypatch: pytest.MonkeyPatch, source: str | None, reason: str
) -> None:
    _install(site, "broken-one", {"broken": "firebreak_broken:Detector"}, "2.3")
    monkeypatch.delitem(sys.modules, "firebreak_broken", raising=False)
    if source is not None:
        (site / "firebreak_broken.py").write_text(source)

    with pytest.raises(ConfigurationError) as refused:
        plugins.choose(GROUP, "broken", ["broken"]).load()

    assert "broken of broken-one 2.3 cannot be imported" in str(refused.value)
    assert reason in str(refused.value)
    monkeypatch.delitem(sys.modules, "firebreak_broken", raising=False)


def test_our_own_detectors_are_plugins_like_any_other() -> None:
    names = {plugin.name for plugin in plugins.installed(plugins.DETECTORS)}

    assert {"asset-outflow", "price-move", "call-shape"} <= names
