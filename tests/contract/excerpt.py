"""Parts of packages that are too large to be fetched for a test: some bytecode, some functions.

`python -m tests.contract.excerpt` fetches the package, pinned as all are, and writes the excerpt;
`--check` compares. What may be passed on, with its licence beside it, is excerpted; nothing else.
"""

import sys
from pathlib import Path
from typing import Any

import msgspec
from eth_utils.abi import function_abi_to_4byte_selector

from runtime.settings import load
from sandbox.fetch_npm import npm_package, pins

FOLDER = Path(__file__).parent / "excerpts"
VENUS = "@venusprotocol/venus-protocol"
WANTED = {
    "Comptroller/Unitroller.sol/Unitroller": (
        "_acceptAdmin",
        "_setPendingAdmin",
        "_setPendingImplementation",
    ),
    "Comptroller/Diamond/Diamond.sol/Diamond": ("_become", "diamondCut"),
    "Comptroller/Diamond/facets/MarketFacet.sol/MarketFacet": (
        "_supportMarket",
        "enterMarkets",
        "exitMarket",
    ),
    "Comptroller/Diamond/facets/PolicyFacet.sol/PolicyFacet": (),
    "Comptroller/Diamond/facets/SetterFacet.sol/SetterFacet": (
        "_setAccessControl",
        "_setActionsPaused",
        "_setCloseFactor",
        "_setComptrollerLens",
        "_setMarketBorrowCaps",
        "_setMarketSupplyCaps",
        "_setPriceOracle",
        "_setProtocolPaused",
        "setCollateralFactor",
        "setDeviationBoundedOracle",
        "setIsBorrowAllowed",
        "setLiquidationIncentive",
    ),
    "Lens/ComptrollerLens.sol/ComptrollerLens": (),
    "Tokens/VTokens/VBep20Immutable.sol/VBep20Immutable": (
        "_acceptAdmin",
        "_setPendingAdmin",
        "balanceOf",
        "borrow",
        "exchangeRateStored",
        "liquidateBorrow",
        "mint",
        "redeem",
        "repayBorrowBehalf",
        "sweepTokenAndSync",
        "transfer",
    ),
    "InterestRateModels/WhitePaperInterestRateModel.sol/WhitePaperInterestRateModel": (),
    "test/AccessControlManagerMock.sol/AccessControlManagerMock": (),
}
"""Of Venus: contracts, and their functions that are called."""


def excerpt(package: Path) -> dict[str, Any]:
    """Return what is wanted of an unpacked package."""
    pin = pins()[VENUS]
    contracts = {}
    for path, functions in WANTED.items():
        whole = msgspec.json.decode((package / "artifacts/contracts" / f"{path}.json").read_bytes())
        called = [
            e for e in whole["abi"] if e["type"] == "constructor" or e.get("name") in functions
        ]
        contracts[path.rpartition("/")[2]] = {
            "abi": called,
            "selectors": sorted(
                "0x" + function_abi_to_4byte_selector(e).hex()
                for e in whole["abi"]
                if e["type"] == "function"
            ),
            "bytecode": whole["bytecode"],
        }
    return {
        "package": VENUS,
        "version": pin["version"],
        "integrity": pin["integrity"],
        "licence": "BSD-3-Clause",
        "notice": (package / "LICENSE").read_text().strip(),
        "contracts": contracts,
    }


def main() -> int:
    """Run the command; return its exit status."""

    def report(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    package = npm_package(load().cache, VENUS, report)
    text = msgspec.json.format(msgspec.json.encode(excerpt(package)), indent=1).decode() + "\n"
    path = FOLDER / "venus.json"
    if "--check" in sys.argv:
        return int(path.read_text() != text)
    path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
