"""The page of all shipped detectors, made from what they say of themselves."""

from collections.abc import Iterable, Mapping

from detectors.api import Detector, Spec
from detectors.habits import ActDetector
from detectors.market.api import PriceDetector
from detectors.sets import Detectors

_HEAD = """# The shipped detectors

Made by `firebreak detectors page` from the detectors' own specs; do not edit. How scores become
alerts is told in [detection.md](detection.md), what was measured on prices in
[prices.md](prices.md). Techniques are those of MITRE AADAPT.
"""

_SETS = {
    "core": "Runs by default, and in `firebreak score`.",
    "acts": "What is done to a protocol, by its own events. Run it beside the core set: "
    "`firebreak detect --set acts`.",
}


def page(sets: Mapping[str, Detectors]) -> str:
    """Return the page as Markdown, strangers left out; equal detectors give an equal page."""
    parts = [_HEAD]
    for name, detectors in sets.items():
        parts.append(f"## Set `{name}`\n\n{_SETS.get(name, '')}\n")
        parts += [_entry(made) for made in detectors.values() if isinstance(made, type)]
    return "\n".join(parts)


def _entry(made: type[Detector]) -> str:
    spec = made.spec
    lines = [
        f"### {spec.name}",
        "",
        spec.summary,
        "",
        f"- version {spec.version}, technique {spec.technique}, reads {_reads(made)}",
        f"- its score is made from: {', '.join(spec.made_from)}",
        f"- warm-up: {spec.warm_up} {_unit(made)}",
        *_features(made),
        f"- false positives: {_list(spec.false_positives)}",
        f"- blind spots: {_list(spec.blind_spots)}",
        *_rule(spec),
        "",
    ]
    return "\n".join(lines)


def _reads(made: type[Detector]) -> str:
    return "price bars" if issubclass(made, PriceDetector) else "transactions"


def _unit(made: type[Detector]) -> str:
    return "bars" if issubclass(made, PriceDetector) else "transactions"


def _features(made: type[Detector]) -> list[str]:
    """Return the line of its features, where the detector names them."""
    named: Mapping[str, object] = getattr(made, "families", None) or getattr(made, "kinds", {})
    if not named:
        return []
    word = "acts and circumstances" if issubclass(made, ActDetector) else "features"
    return [f"- {word}: {', '.join(f'`{name}`' for name in named)}"]


def _rule(spec: Spec) -> list[str]:
    return ["- gives a p-value by itself, which is not calibrated any further"] if spec.rule else []


def _list(items: Iterable[str]) -> str:
    return "; ".join(items)
