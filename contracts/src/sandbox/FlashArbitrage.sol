// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {
    IUniswapV2Pair, IUniswapV2Router, amountIn, reservesOf, takeFrom
} from "./UniswapV2.sol";

/// @title An honest bot of the sandbox that evens out prices without own funds
/// @dev Borrows a token from a pair by a flash swap, sells it along another route, repays the pair
/// in its other token and keeps the difference. Reverts when there is none.
contract FlashArbitrage {
    IUniswapV2Router private immutable _router;
    address private immutable _owner = msg.sender;
    IUniswapV2Pair private _lender;

    constructor(IUniswapV2Router router) {
        _router = router;
    }

    /// @param path From the borrowed token to the pair's other one, not by way of that pair.
    function run(IUniswapV2Pair pair, uint256 amount, address[] calldata path) external {
        require(msg.sender == _owner);
        _lender = pair;
        takeFrom(pair, path[0], amount, address(this), abi.encode(amount, path));
        IERC20 gained = IERC20(path[path.length - 1]);
        gained.transfer(_owner, gained.balanceOf(address(this)));
    }

    function uniswapV2Call(address sender, uint256, uint256, bytes calldata data) external {
        require(msg.sender == address(_lender) && sender == address(this));
        (uint256 amount, address[] memory path) = abi.decode(data, (uint256, address[]));
        (uint256 reserveOut, uint256 reserveIn) = reservesOf(_lender, path[0]);
        uint256 due = amountIn(amount, reserveIn, reserveOut);
        IERC20(path[0]).approve(address(_router), amount);
        _router.swapExactTokensForTokens(amount, due + 1, path, address(this), block.timestamp);
        IERC20(path[path.length - 1]).transfer(address(_lender), due);
    }
}
