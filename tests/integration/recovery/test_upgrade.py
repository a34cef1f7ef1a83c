"""An emergency upgrade is held against the old storage, by what solc says, before anyone signs."""

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.integration.recovery.village import Village

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def compared(village: Village, old: str, new: str) -> Result:
    paths = [str(village.folder / f"{name}.json") for name in (old, new)]
    return CliRunner().invoke(app, ["recover", "layout", *paths])


STORE = """
pragma solidity 0.8.36;
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
contract NAME is Pausable {
    address public owner;
    address public guardian;
    uint256 public cap;
    uint256 public owed;
    mapping(address depositor => uint256 amount) public balanceOf;
}
"""
"""What the granary keeps."""


def rewritten(village: Village, name: str, old: str, new: str) -> None:
    """Compile the granary's storage with one line changed, under another name."""
    assert old in STORE
    folder = village.folder / "sources"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.sol").write_text(STORE.replace(old, new).replace("NAME", name))
    village.layouts(folder, f"{name}.sol")


def test_new_code_is_put_before_signers_only_if_it_keeps_the_storage(village: Village) -> None:
    village.govern()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    result = compared(village, "Granary", "GranaryMended")
    assert result.exit_code == 0
    assert result.output.startswith("new: uint256 withdrawals at slot ")
    assert "storage as it was; new: uint256 withdrawals" in village.said("propose")

    rewritten(village, "Copied", "NAME", "Copied")
    assert compared(village, "Granary", "Copied").exit_code == 0
    for name, old, new, said in (
        ("Shuffled", "address public guardian;", "uint64 public since;", "guardian"),
        ("Pushed", "address public owner;", "uint256 public x; address public owner;", "owner"),
        ("Narrowed", "uint256 public owed;", "uint128 public owed;", "uint256 is uint128 now"),
        ("Forgetful", "uint256 public cap;", "uint256 public constant cap = 1;", "cap"),
    ):
        rewritten(village, name, old, new)
        result = compared(village, "Granary", name)
        assert result.exit_code == 1, name
        assert said in result.output

    plan = village.plan.read_text()
    village.plan.write_text(plan.replace("GranaryMended.json", "Pushed.json"))
    assert "owner" in village.refused("propose")
    start, end = plan.index("[[fix.upgrades]]"), plan.index("[[stages]]")
    village.plan.write_text(plan[:start] + plan[end:])
    assert "name its storage layouts" in village.refused("propose")
