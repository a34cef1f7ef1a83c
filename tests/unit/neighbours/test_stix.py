"""Signals as STIX: what goes out comes back, validates, and is believed for its signature alone."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import stix2  # type: ignore[import-untyped]

from neighbours.marking import may_go
from neighbours.stix import MAX_BUNDLE_BYTES, MAX_SIGNALS, bundle, signals
from neighbours.stix_terms import MARKINGS, SIGNAL_EXTENSION
from runtime.admission import Admission, RefusedSignalError
from schemas.errors import PoisonRecordError
from schemas.signals import TLPS, Tlp
from tests.unit.neighbours.examples import NOW, TARGET, address, signal


def objects(text: str) -> dict[str, Any]:
    return {one["type"]: one for one in json.loads(text)["objects"]}


@pytest.mark.parametrize("tlp", TLPS)
def test_what_goes_out_comes_back(tlp: Tlp) -> None:
    told = signal(tlp=tlp)
    (read,) = signals(bundle(told, NOW).encode())
    assert read == told
    Admission([address(1)]).admit(read, NOW)


def test_a_bundle_says_what_any_reader_of_stix_understands() -> None:
    found = objects(bundle(signal(tlp="green"), NOW))
    indicator = found["indicator"]
    assert indicator["pattern"] == f"[blockchain-account:caip10 = '{TARGET}']"
    assert indicator["valid_until"].startswith("2027-01-15T09")
    assert indicator["confidence"] == 90
    reference = found["attack-pattern"]["external_references"][0]
    assert reference == {"source_name": "mitre-aadapt", "external_id": "ADT3012.004"}
    assert found["blockchain-account"]["caip10"] == TARGET
    for kind in ("indicator", "identity", "attack-pattern", "blockchain-account"):
        named = json.loads(bundle(signal(tlp="green"), NOW))["objects"]
        marked = [o for o in named if o["type"] == kind and "object_marking_refs" in o]
        assert all(o["object_marking_refs"] == [MARKINGS["green"]] for o in marked)
        assert marked
    assert found["marking-definition"]["name"] == "TLP:GREEN"


def references(one: dict[str, Any]) -> set[str]:
    """Return what an object refers to by name."""
    named = {value for key, value in one.items() if key.endswith("_ref")}
    named |= {name for key, value in one.items() if key.endswith("_refs") for name in value}
    return named | set(one.get("extensions", {}))


def test_everything_in_it_hangs_together_with_the_indicator() -> None:
    told = {one["id"]: one for one in json.loads(bundle(signal(), NOW))["objects"]}
    for one in told.values():
        published = {name for name in references(one) if "60a3c5c5" in name}
        assert references(one) - published <= told.keys(), "nothing is named that is not there"
    (indicator,) = [name for name in told if name.startswith("indicator")]
    reached, more = set[str](), {indicator}
    while more:
        reached |= more
        relations = [one for one in told.values() if one.get("source_ref") in reached]
        known = [told[name] for name in reached & told.keys()]
        more = {name for one in (*relations, *known) for name in references(one)} - reached
        more |= {one["id"] for one in relations} - reached
    assert told.keys() <= reached
    links = {
        (one["relationship_type"], one["target_ref"].partition("--")[0])
        for one in told.values()
        if one["type"] == "relationship"
    }
    assert links == {("indicates", "attack-pattern"), ("related-to", "blockchain-account")}


def without_links(told: dict[str, Any]) -> None:
    told["objects"] = [one for one in told["objects"] if one["type"] != "relationship"]


def alone(told: dict[str, Any]) -> None:
    told["objects"] = [one for one in told["objects"] if one["type"] == "indicator"]


def linked_elsewhere(told: dict[str, Any]) -> None:
    for one in told["objects"]:
        if one["type"] == "relationship":
            one["target_ref"] = "attack-pattern--00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("change", [without_links, alone, linked_elsewhere])
def test_links_add_nothing_to_the_statement_and_take_nothing_from_it(
    change: Callable[[dict[str, Any]], None],
) -> None:
    told = json.loads(bundle(signal(), NOW))
    change(told)
    assert signals(json.dumps(told).encode()) == [signal()]


def test_an_indicator_without_a_statement_of_ours_is_refused_whatever_it_is_linked_to() -> None:
    told = json.loads(bundle(signal(), NOW))
    for one in told["objects"]:
        if one["type"] == "indicator":
            del one["extensions"]
    with pytest.raises(PoisonRecordError, match="no indicator in it"):
        signals(json.dumps(told).encode())


def test_extensions_are_defined_where_they_are_used() -> None:
    read = stix2.parse(bundle(signal(), NOW), version="2.1")
    defined = {one.id for one in read.objects if one.type == "extension-definition"}
    used = {name for one in read.objects for name in getattr(one, "extensions", {})}
    assert SIGNAL_EXTENSION in used
    assert {name for name in used if "60a3c5c5" not in name} <= defined


def test_equal_signals_make_equal_bundles() -> None:
    assert bundle(signal(), NOW) == bundle(signal(), NOW)


def test_what_has_expired_is_not_told() -> None:
    with pytest.raises(PoisonRecordError, match="expired"):
        bundle(signal(), NOW + 3600)


def test_of_several_markings_the_strictest_counts_and_amber_without_any() -> None:
    told = json.loads(bundle(signal(tlp="clear"), NOW))
    for one in told["objects"]:
        if one["type"] == "indicator":
            one["object_marking_refs"] = [MARKINGS["green"], MARKINGS["red"]]
    assert signals(json.dumps(told).encode())[0].tlp == "red"
    for one in told["objects"]:
        one.pop("object_marking_refs", None)
    assert signals(json.dumps(told).encode())[0].tlp == "amber"


def test_what_stix_says_beside_the_statement_is_not_believed() -> None:
    told = json.loads(bundle(signal(), NOW))
    for one in told["objects"]:
        if one["type"] == "indicator":
            one["extensions"][SIGNAL_EXTENSION]["severity"] = "low"
    (bent,) = signals(json.dumps(told).encode())
    with pytest.raises(RefusedSignalError):
        Admission([address(1)]).admit(bent, NOW)


def with_indicator(**changes: Any) -> bytes:
    told = json.loads(bundle(signal(), NOW))
    for one in told["objects"]:
        if one["type"] == "indicator":
            one["extensions"][SIGNAL_EXTENSION] |= changes
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"type": "bundle"}',
        b'{"type": "identity", "spec_version": "2.1"}',
        b"x" * (MAX_BUNDLE_BYTES + 1),
        with_indicator(seq=-1),
        with_indicator(confidence=10_001),
        with_indicator(target="somewhere"),
        with_indicator(severity="apocalyptic"),
        with_indicator(signature="0x"),
        with_indicator(beyond="what we know"),
    ],
    ids=lambda data: f"{len(data)}-{data[:12]!r}",
)
def test_rubbish_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(PoisonRecordError):
        signals(data)


def test_what_others_put_beside_it_is_left_alone_and_costs_nothing() -> None:
    told = json.loads(bundle(signal(), NOW))
    told["objects"] += [{"type": "x-theirs", "id": 3}, "text", None]
    told["objects"].append({"type": "indicator", "pattern": "(" * 50_000})
    assert signals(json.dumps(told).encode()) == [signal()]


@pytest.mark.parametrize(
    "changes",
    [
        {"pattern": "[a:b = 'x']" + " AND [a:b = 'x']" * 100},
        {"pattern": "[a:b"},
        {"type": "identity"},
        {"type": 3},
        {"valid_until": "tomorrow"},
        {"id": "indicator--1"},
        {"x_beyond": 1},
    ],
    ids=str,
)
def test_an_indicator_that_is_no_stix_is_refused(changes: dict[str, Any]) -> None:
    told = json.loads(bundle(signal(), NOW))
    for one in told["objects"]:
        if one["type"] == "indicator":
            one |= changes  # noqa: PLW2901 - changed in place
    with pytest.raises(PoisonRecordError):
        signals(json.dumps(told).encode())


def test_a_bundle_holds_only_so_many() -> None:
    told = json.loads(bundle(signal(), NOW))
    (indicator,) = [one for one in told["objects"] if one["type"] == "indicator"]
    many = [
        indicator | {"id": f"indicator--00000000-0000-4000-8000-{number:012x}"}
        for number in range(MAX_SIGNALS + 1)
    ]
    told["objects"] = [o for o in told["objects"] if o["type"] not in ("indicator", "relationship")]
    told["objects"] += many
    with pytest.raises(PoisonRecordError, match="32 at most"):
        signals(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("clearance", "told"),
    [
        ("clear", {"clear"}),
        ("green", {"clear", "green"}),
        ("amber", {"clear", "green", "amber"}),
        ("red", {"clear", "green", "amber"}),
    ],
)
def test_what_may_leave_is_decided_by_its_marking(clearance: Tlp, told: set[str]) -> None:
    assert {tlp for tlp in TLPS if may_go(tlp, clearance)} == told
