// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RolePausable} from "./RolePausable.sol";

/// @title OpenZeppelin's tokenised vault, behind its pause, for the tests
/// @notice Pausing stops deposits; withdrawing is never stopped.
/// @dev THE FLAW: it opens without shares of its own, so whoever deposits a few wei first and then
/// gives the vault more than twice what others deposit leaves them without a share.
contract SavingsVault is ERC4626, RolePausable {
    using SafeERC20 for IERC20;

    /// @notice With so few shares out, nobody has saved anything.
    uint256 public constant DUST = 1_000;

    error InUse();

    constructor(IERC20 asset_, address admin)
        ERC20("Acre Savings", "ACS")
        ERC4626(asset_)
        RolePausable(admin)
    {}

    function maxDeposit(address receiver) public view override returns (uint256) {
        return paused() ? 0 : super.maxDeposit(receiver);
    }

    function maxMint(address receiver) public view override returns (uint256) {
        return paused() ? 0 : super.maxMint(receiver);
    }

    /// @notice Take out what was given to a vault in which nobody has saved.
    function clear(address to) external onlyRole(DEFAULT_ADMIN_ROLE) whenPaused {
        if (totalSupply() > DUST) revert InUse();
        IERC20(asset()).safeTransfer(to, totalAssets());
    }
}
