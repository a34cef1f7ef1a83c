"""Storage at slots that code names itself, as the real compiler builds it: no layout lists it, so
an upgrade over it is not silently called sound."""

from pathlib import Path

import pytest
from eth_utils.crypto import keccak

from assurance.artefacts import read
from assurance.assess import assess
from assurance.checks.storage import apart
from assurance.look import Means
from assurance.sources import Sources
from assurance.walk import walk
from contracts.build import make_project
from tests.unit.assurance.fakes import FakeChain
from tests.unit.assurance.test_assess import CHAIN, MANIFEST, NEW, OLD, POOL


def place(name: str) -> str:
    """Where ERC-7201 puts what has this name."""
    inner = int.from_bytes(keccak(text=name), "big") - 1
    return f"0x{int.from_bytes(keccak(inner.to_bytes(32, 'big')), 'big') & ~0xFF:064x}"


LEDGER, INITIALIZABLE = place("meadow.storage.Ledger"), place("openzeppelin.storage.Initializable")
SOURCE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";

contract NAME is Initializable {
    /// @custom:storage-location erc7201:meadow.storage.Ledger
    struct Ledger { MEMBERS mapping(address => uint256) held; }

    bytes32 private constant PLACE = SLOT;

    function _ledger() private pure returns (Ledger storage found) {
        assembly { found.slot := PLACE }
    }

    function initialize(address one) external initializer { _ledger().keeper = one; }

    function deposit() external payable {
        Ledger storage ledger = _ledger();
        ledger.total += msg.value;
        ledger.held[msg.sender] += msg.value;
    }

    function keeper() external view returns (address) { return _ledger().keeper; }
}
"""
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


def text(name: str, members: str) -> str:
    filled = SOURCE.replace("NAME", name).replace("MEMBERS", members)
    return filled.replace("SLOT", LEDGER)


@pytest.fixture(scope="module")
def codes(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What three contracts deploy."""
    folder = tmp_path_factory.mktemp("built")
    sources = folder / "src"
    sources.mkdir()
    (sources / "Before.sol").write_text(text("Before", "uint256 total; address keeper;"))
    (sources / "After.sol").write_text(text("After", "address keeper; uint256 total;"))
    (sources / "Plain.sol").write_text(PLAIN)
    make_project(folder / "project", sources, cache, print)
    shelf = read(folder / "project" / "artifacts")
    return {one.name: one.code for some in shelf._by_length.values() for one in some}


def test_an_upgrade_says_which_storage_it_could_not_compare(codes: dict[str, bytes]) -> None:
    chain, means = FakeChain(), Means(Sources(CHAIN, None))
    chain.codes |= {OLD: codes["Before"], NEW: codes["After"]}
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
