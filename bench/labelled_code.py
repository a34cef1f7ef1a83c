"""Recorded contracts with their labels, and which of them are of one family."""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detectors.bytecode.features import SMALLEST, Features, body, features
from detectors.bytecode.reading import read
from runtime.bytecode import PUSH0, instructions
from schemas.chain import Deployment

LAST_SWAP = 0x9F
NEAR = 0.6
"""Share of common shingles from which two contracts count as one family."""

SHINGLE = 4
LABELS = {"malicious": True, "benign": False, "vulnerable_not_malicious": False}


@dataclass(frozen=True, slots=True)
class Example:
    """One labelled contract."""

    name: str
    attack: bool
    mock: bool
    """A library's own test double, which is neither deployed nor judged."""
    built: bool
    """Built from a package, not read from a chain."""
    package: str
    keys: frozenset[str]
    """Incident, transaction and addresses: what shares one is one attacker's."""
    deployed_bytes: int
    x: Features
    shingles: frozenset[int]

    @property
    def judged(self) -> bool:
        """Whether it is part of the measured set."""
        return not self.mock and self.deployed_bytes >= SMALLEST


def examples(path: Path) -> list[Example]:
    """Return every labelled contract of a JSON-lines file (.gz or not)."""
    held = path.read_bytes()
    text = gzip.decompress(held) if path.suffix == ".gz" else held
    records = [json.loads(line) for line in text.splitlines()]
    return [_example(r) for r in records if r["label"] in LABELS]


def created(deployment: Deployment, incident: str) -> Example:
    """Return a contract that a recorded transaction deployed, so that what is of its family can be
    found; `incident` is '' for ordinary ones."""
    return _example(
        {
            "label": "malicious",
            "cls": "",
            "source": "",
            "note": f"incident={incident}" if incident else "",
            "tx": deployment.tx,
            "address": deployment.address,
            "init_code": deployment.creation,
            "runtime_code": deployment.code,
        }
    )


def _example(record: dict[str, str]) -> Example:
    code = body(record["init_code"], record["runtime_code"])
    operations = [i.operation for i in instructions(code) if _tells(i.operation)]
    package = record["source"].removeprefix("npm:") if record["source"].startswith("npm:") else ""
    return Example(
        name=record["note"],
        attack=LABELS[record["label"]],
        mock=record["cls"].endswith("_test_or_mock"),
        built=bool(package),
        package=re.sub(r"-[0-9].*", "", package),
        keys=frozenset(_keys(record)),
        deployed_bytes=max(0, len(record["runtime_code"]) // 2 - 1),
        x=features(read(code)),
        shingles=frozenset(
            hash(tuple(operations[i : i + SHINGLE])) for i in range(len(operations) - SHINGLE + 1)
        ),
    )


def _tells(operation: int) -> bool:
    """Leave out constants, copies and swaps: what every compiler does with the stack."""
    return not PUSH0 <= operation <= LAST_SWAP


def _keys(record: dict[str, str]) -> Iterator[str]:
    if not LABELS[record["label"]]:
        return
    incident = re.search("incident=([^;]*)", record["note"])
    if incident and incident[1] != "reentrancy":  # a kind of attack, not an incident
        yield incident[1]
    yield from (value for value in (record["tx"], record["address"]) if value)
    yield from re.findall("creator=(0x[0-9a-f]+)", record["note"])


def families(found: Sequence[Example], *, by_package: bool) -> NDArray[np.int64]:
    """Return the number of each example's family: joined by near-duplicate code, by a common
    attacker, and if wanted by the package they were built from."""
    parent = list(range(len(found)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    first: dict[str, int] = {}
    for i, example in enumerate(found):
        keys = set(example.keys) | ({example.package} if by_package and example.built else set())
        for key in keys:
            parent[root(i)] = root(first.setdefault(key, i))
        for j in range(i):
            if _near(example.shingles, found[j].shingles):
                parent[root(i)] = root(j)
    return np.array([root(i) for i in range(len(found))])


def _near(a: frozenset[int], b: frozenset[int]) -> bool:
    small, large = sorted((len(a), len(b)))
    if not small or small < NEAR * large:
        return False
    common = len(a & b)
    return common >= NEAR * (small + large - common)
