"""The colours of levels tell apart for everybody, and are read on each ground."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Vector = NDArray[np.float64]

CSS = Path("console/static/console.css").read_text()
JS = Path("console/static/rates.js").read_text()
COLOURS = dict(re.findall(r"--(\w+): #([0-9a-f]{6});", CSS))
LEVELS = ("grave", "warn", "held", "good", "off")

SIGHTS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
"""On linear RGB: Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
Color Vision Deficiency" (IEEE TVCG 15(6), 2009), severity 1."""

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])
APART = 15.0
"""CIE 1976; a difference is just noticed at 2.3."""


def seen(name: str, sight: str) -> Vector:
    """Return a colour as XYZ, as it is seen."""
    raw = np.array([int(COLOURS[name][at : at + 2], 16) / 255 for at in (0, 2, 4)])
    linear = np.where(raw <= 0.04045, raw / 12.92, ((raw + 0.055) / 1.055) ** 2.4)
    found: Vector = TO_XYZ @ np.clip(SIGHTS[sight] @ linear, 0, 1)
    return found


def lab(xyz: Vector) -> Vector:
    part = xyz / WHITE
    x, y, z = np.where(part > 0.008856, np.cbrt(part), 7.787 * part + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(name: str, ground: str, sight: str) -> float:
    return float((seen(name, sight)[1] + 0.05) / (seen(ground, sight)[1] + 0.05))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("one", "other"), list(combinations(LEVELS, 2)))
def test_no_level_has_another_s_colour(one: str, other: str, sight: str) -> None:
    apart = np.linalg.norm(lab(seen(one, sight)) - lab(seen(other, sight)))
    assert apart > APART


DRAWN = 3
"""To one; what a drawing needs to be seen (WCAG 1.4.11)."""


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_bars_of_the_chart_are_seen(sight: str) -> None:
    strokes = re.findall(r'\{ stroke: "#([0-9a-f]{6})", fill: "#\1', JS)
    assert strokes == [COLOURS["grave"]], "a colour of these, so what holds for it holds here"
    assert contrast("grave", "ground", sight) >= DRAWN


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_kinds_of_a_drawing_of_funds_are_seen(sight: str) -> None:
    kinds = re.findall(r"\.flows \.role-[^{]+\{ stroke: var\(--(\w+)\);([^}]*)\}", CSS)
    assert {colour for colour, _ in kinds} == {"grave", "good"}
    for colour, _ in kinds:
        assert contrast(colour, "raised", sight) >= DRAWN
    lines = {colour: {line for other, line in kinds if other == colour} for colour, _ in kinds}
    assert not lines["grave"] & lines["good"], "their lines differ without any hue"
    assert contrast("warn", "ground", sight) >= DRAWN, "the arrows"


@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
@pytest.mark.parametrize("name", [*LEVELS, "text", "quiet"])
def test_text_is_read_on_each_ground(name: str, ground: str) -> None:
    assert contrast(name, ground, "normal") >= 7
    assert min(contrast(name, ground, sight) for sight in SIGHTS) >= 4.5
