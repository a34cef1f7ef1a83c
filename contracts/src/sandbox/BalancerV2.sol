// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title What the sandbox calls of a Balancer V2 pool; its code comes from its own package
interface IBalancerPool is IERC20 {
    function getPoolId() external view returns (bytes32);
}

/// @title What the sandbox calls of the Balancer V2 vault; its code comes from its own package
interface IBalancerVault {
    struct Change {
        address[] assets;
        uint256[] limits;
        bytes userData;
        bool internalBalance;
    }

    struct UserBalanceOp {
        uint8 kind;
        address asset;
        uint256 amount;
        address sender;
        address payable recipient;
    }

    function getPoolTokens(bytes32 poolId)
        external
        view
        returns (address[] memory tokens, uint256[] memory balances, uint256 lastChangeBlock);
    function joinPool(bytes32 poolId, address sender, address recipient, Change calldata request)
        external
        payable;
    function exitPool(bytes32 poolId, address sender, address payable recipient, Change calldata request)
        external;
    function manageUserBalance(UserBalanceOp[] calldata ops) external payable;
}
