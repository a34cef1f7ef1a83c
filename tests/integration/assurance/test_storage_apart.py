"""Storage at slots that code names itself (ERC-7201), as the real compiler builds it: its structs
are compared where syntax trees are known, and an upgrade over it is never silently called sound."""

from pathlib import Path

import msgspec
import pytest

from assurance.artefacts import Built, Shelf, read
from assurance.assess import assess
from assurance.checks.storage import apart
from assurance.look import Means
from assurance.sources import Sources
from assurance.subject import Known
from assurance.trees import Trees
from assurance.trees import place as slot
from assurance.walk import walk
from contracts.build import make_project
from schemas.assurance import Assessment
from schemas.layouts import Layout, clashes
from tests.unit.assurance.fakes import FakeChain
from tests.unit.assurance.test_assess import CHAIN, MANIFEST, NEW, OLD, POOL


def place(name: str) -> str:
    """Where ERC-7201 puts what has this name."""
    return f"0x{slot(name):064x}"


LEDGER, INITIALIZABLE = place("meadow.storage.Ledger"), place("openzeppelin.storage.Initializable")
SOURCE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

contract NAME is Initializable {
    /// @custom:storage-location erc7201:SPACE
    struct Ledger { MEMBERS mapping(address => uint256) held; MORE }

    bytes32 private constant PLACE = SLOT;

    function _ledger() private pure returns (Ledger storage found) {
        assembly { found.slot := PLACE }
    }

    function initialize(address one) external initializer { _ledger().keeper = one; }

    function deposit() external payable {
        Ledger storage ledger = _ledger();
        ledger.total += uint128(msg.value);
        ledger.held[msg.sender] += msg.value;
    }

    function keeper() external view returns (address) { return _ledger().keeper; }
}
"""
BEFORE = "uint256 total; address keeper;"
MEADOW, FIELD = "meadow.storage.Ledger", "meadow.storage.Field"
CASES = {
    "Appended": (BEFORE, "uint64 since; bool paused;", MEADOW, None),
    "Moved": ("address keeper; uint256 total;", "", MEADOW, "total at slot 0, byte 0 is keeper"),
    "Inserted": ("uint256 fee;" + BEFORE, "", MEADOW, "total at slot 0, byte 0 is fee now"),
    "Retyped": ("uint128 total; address keeper;", "", MEADOW, "uint256 is uint128 now"),
    "Removed": (BEFORE, "", MEADOW, "held at slot 2, byte 0 is gone"),
    "Renamed": (BEFORE, "", FIELD, f"{MEADOW}, a struct at slots of its own, is gone"),
}
"""What an upgrade makes of the struct of before: its members, those behind, its name; and what is
said of that."""

LENT = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

library Shed {
    enum Lock { Open, Shut }
    struct Tool { address owner; uint96 price; mapping(uint256 => Tool) parts; }
    type Wage is uint40;

    /// @custom:storage-location erc7201:meadow.storage.Shed
    struct Layout {
        Lock lock; Wage wage; bytes4[9] marks; FIRST Tool best; Tool[] tools; string name;
        function(uint256) external hook; address payable buyer; int24 low; bytes32[2][3] rows;
        Shed_ me;
    }

    function shed() internal pure returns (Layout storage found) {
        assembly { found.slot := SLOT }
    }
}

interface Shed_ {}

contract NAME {
    function work(address one) external { Shed.shed().best.owner = one; }
}

contract NAMELaid { Shed.Layout internal laid; }
"""
"""A library's struct of every kind of member; the compiler itself says where they lie in what keeps
one as a variable."""

PLAIN = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

contract Plain {
    uint256[] public listed;
    mapping(address => uint256) public held;

    function deposit() external payable {
        listed.push(msg.value);
        held[msg.sender] += listed[0];
    }
}
"""


def text(name: str, members: str, more: str = "", space: str = MEADOW) -> str:
    given = {"NAME": name, "MEMBERS": members, "MORE": more, "SPACE": space, "SLOT": place(space)}
    return filled(SOURCE, given)


def filled(source: str, given: dict[str, str]) -> str:
    for word, value in given.items():
        source = source.replace(word, value)
    return source


@pytest.fixture(scope="module")
def project(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, compiled."""
    folder = tmp_path_factory.mktemp("built")
    sources = folder / "src"
    sources.mkdir()
    (sources / "Before.sol").write_text(text("Before", BEFORE))
    (sources / "Plain.sol").write_text(PLAIN)
    for name, (members, more, space, _) in CASES.items():
        made = text(name, members, more, space)
        if name == "Removed":
            made = made.replace("mapping(address => uint256) held;", "")
            made = made.replace("ledger.held[msg.sender] += msg.value;", "")
        (sources / f"{name}.sol").write_text(made)
    for name, first in (("Lent", ""), ("LentOther", "bool wet;")):
        given = {"NAME": name, "FIRST": first, "SLOT": place("meadow.storage.Shed")}
        (sources / f"{name}.sol").write_text(filled(LENT, given))
    make_project(folder / "project", sources, cache, print)
    return folder / "project"


@pytest.fixture(scope="module")
def built(project: Path) -> dict[str, Built]:
    """By name, what is known of each."""
    shelf = read(project / "artifacts")
    return {one.name: one for some in shelf._by_length.values() for one in some}


@pytest.fixture(scope="module")
def codes(built: dict[str, Built]) -> dict[str, bytes]:
    """What they deploy."""
    return {name: one.code for name, one in built.items()}


def upgraded(old: Built, new: Built) -> tuple[Assessment, Means, FakeChain]:
    """A contract that ran the one runs the other."""
    shelf = Shelf()
    for one in (old, new):
        shelf.add(one)
    chain, means = FakeChain(), Means(Sources(CHAIN, shelf))
    chain.codes |= {OLD: old.code, NEW: new.code}
    chain.proxy(POOL, OLD)
    first = assess(MANIFEST, chain, means)
    chain.proxy(POOL, NEW)
    return assess(MANIFEST, chain, means, first), means, chain


@pytest.mark.parametrize("name", CASES)
def test_a_struct_at_slots_of_its_own_is_held_against_the_one_before(
    name: str, built: dict[str, Built]
) -> None:
    *_, said = CASES[name]
    found, means, chain = upgraded(built["Before"], built[name])
    clashing = [one for one in found.findings if one.weakness == "storage-layout"]
    assert found.contracts[0].unseen == (), "all of it was compared"
    if said is None:
        assert clashing == []
        return
    (one,) = clashing
    assert one.severity == "critical"
    assert any(said in line and MEADOW in line for line in one.evidence), one.evidence
    assert assess(MANIFEST, chain, means, found).findings == found.findings, "until the next one"


def test_what_a_library_keeps_for_the_code_that_names_its_slot_is_compared(
    built: dict[str, Built],
) -> None:
    found, *_ = upgraded(built["Lent"], built["LentOther"])
    (one,) = (one for one in found.findings if one.weakness == "storage-layout")
    assert "meadow.storage.Shed: best at slot 3, byte 0" in one.summary
    assert built["LentLaid"].known.namespaces == {}, "its code names no slot"


def test_members_lie_where_the_compiler_says(project: Path, built: dict[str, Built]) -> None:
    laid = built["LentLaid"].known.layout
    assert laid is not None
    (whole,) = laid.storage
    mine = (built["Lent"].known.namespaces or {})["meadow.storage.Shed"]
    assert mine is not None
    theirs = laid.kind(whole.type).members
    assert [(one.label, one.start) for one in mine.storage] == [
        (one.label, one.start) for one in theirs
    ]
    assert list(clashes(Layout(theirs, laid.types), mine)) == []
    output = msgspec.json.decode((project / "artifacts/build-info/build.json").read_bytes())
    trees = Trees(output["output"]["sources"])
    for file, contracts in output["output"]["contracts"].items():
        for name, contract in contracts.items():
            said = msgspec.convert(contract["storageLayout"], Layout, strict=False)
            worked_out = trees.layout(file, name)
            assert worked_out is not None
            assert [*clashes(said, worked_out), *clashes(worked_out, said)] == [], name


def test_a_struct_that_one_side_alone_knows_is_named(built: dict[str, Built]) -> None:
    dark = Built("Moved", built["Moved"].code, Known(layout=built["Moved"].known.layout))
    found, *_ = upgraded(built["Before"], dark)
    assert "storage-layout" not in {one.weakness for one in found.findings}
    struct, slots = found.contracts[0].unseen
    assert MEADOW in struct
    assert "no syntax tree of the new code is known" in struct
    assert LEDGER in slots


def test_an_upgrade_says_which_storage_it_could_not_compare(codes: dict[str, bytes]) -> None:
    chain, means = FakeChain(), Means(Sources(CHAIN, None))
    chain.codes |= {OLD: codes["Before"], NEW: codes["Moved"]}
    chain.proxy(POOL, OLD)
    first = assess(MANIFEST, chain, means)
    chain.proxy(POOL, NEW)
    second = assess(MANIFEST, chain, means, first)
    (said,) = (one for one in second.contracts[0].unseen if "ERC-7201" in one)
    assert said.startswith("the upgrade's storage:")
    assert LEDGER in said
    assert INITIALIZABLE in said
    third = assess(MANIFEST, chain, means, second)
    assert said in third.contracts[0].unseen, "until the next upgrade"


def test_what_a_layout_lists_is_not_called_apart(codes: dict[str, bytes]) -> None:
    assert apart([walk(codes["Plain"])]) == ""
    chain = FakeChain()
    chain.proxy(POOL, OLD)
    assert apart([walk(chain.codes[POOL])]) == "", "a proxy's slots mean the same in every code"
