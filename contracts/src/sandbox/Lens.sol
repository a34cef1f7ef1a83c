// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LendingPool} from "./LendingPool.sol";
import {IUniswapV2Pair} from "./UniswapV2.sol";
import {Vault} from "./Vault.sol";

/// @title One look at all that the sandbox's users own, so that they act on what is true
contract Lens {
    struct Holdings {
        uint256 ether_;
        uint256[] tokens;
        uint256 supplied;
        uint256 collateral;
        uint256 debt;
        uint256 vault;
    }

    /// @return holdings One entry per user, `tokens` in the order asked for.
    /// @return reserves Of each pair: of its token0, then of its token1.
    function look(
        address[] calldata users,
        IERC20[] calldata tokens,
        IUniswapV2Pair[] calldata pairs,
        LendingPool pool,
        Vault vault
    ) external view returns (Holdings[] memory holdings, uint256[2][] memory reserves) {
        holdings = new Holdings[](users.length);
        for (uint256 i = 0; i < users.length; ++i) {
            address user = users[i];
            uint256[] memory balances = new uint256[](tokens.length);
            for (uint256 j = 0; j < tokens.length; ++j) {
                balances[j] = tokens[j].balanceOf(user);
            }
            holdings[i] = Holdings(
                user.balance,
                balances,
                pool.suppliedBy(user),
                pool.collateralOf(user),
                pool.debtOf(user),
                vault.balanceOf(user)
            );
        }
        reserves = new uint256[2][](pairs.length);
        for (uint256 i = 0; i < pairs.length; ++i) {
            (reserves[i][0], reserves[i][1],) = pairs[i].getReserves();
        }
    }
}
