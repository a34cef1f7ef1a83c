// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IUniswapV3Pool} from "./UniswapV3.sol";

/// @title Liquidity that is in a Uniswap V3 pool for one sale, for the tests
/// @notice `open` and `close` around a sale take its fee from those whose liquidity stays. `bend` and
/// `straighten` around it take the sale too: the price is bent first, and the liquidity stands there.
/// @dev It holds what it works with, for one pool at a time.
contract JustInTime {
    uint160 private constant LOWEST = 4295128739 + 1;
    uint160 private constant HIGHEST = 1461446703485210103287273052203988822378723970342 - 1;

    IUniswapV3Pool private immutable _pool;
    uint128 private immutable _liquidity;
    int24 private _lower;
    int24 private _upper;
    uint256 private _got;

    constructor(IUniswapV3Pool pool, uint128 liquidity) {
        (_pool, _liquidity) = (pool, liquidity);
    }

    /// @notice Provide between one tick spacing below the price and two above.
    function open() public {
        int24 spacing = _pool.tickSpacing();
        (, int24 tick,,,,,) = _pool.slot0();
        int24 floor = tick / spacing * spacing;
        if (floor > tick) floor -= spacing;
        (_lower, _upper) = (floor - spacing, floor + 2 * spacing);
        _pool.mint(address(this), _lower, _upper, _liquidity, "");
    }

    function close() public {
        _pool.burn(_lower, _upper, _liquidity);
        _pool.collect(address(this), _lower, _upper, type(uint128).max, type(uint128).max);
    }

    /// @notice Sell so much of a token, and provide where its price is then.
    function bend(address token, uint256 amount) external {
        _got = _swap(token == _pool.token0(), amount);
        open();
    }

    /// @notice Provide no longer, and spend on the token what its sale had brought.
    function straighten(address token) external {
        close();
        _swap(token != _pool.token0(), _got);
    }

    function uniswapV3MintCallback(uint256 owed0, uint256 owed1, bytes calldata) external {
        _pay(owed0, owed1);
    }

    function uniswapV3SwapCallback(int256 delta0, int256 delta1, bytes calldata) external {
        _pay(delta0 > 0 ? uint256(delta0) : 0, delta1 > 0 ? uint256(delta1) : 0);
    }

    function _swap(bool firstForSecond, uint256 amount) private returns (uint256) {
        (int256 delta0, int256 delta1) = _pool.swap(
            address(this), firstForSecond, int256(amount), firstForSecond ? LOWEST : HIGHEST, ""
        );
        return uint256(-(firstForSecond ? delta1 : delta0));
    }

    function _pay(uint256 owed0, uint256 owed1) private {
        require(msg.sender == address(_pool), "pool");
        if (owed0 > 0) IERC20(_pool.token0()).transfer(msg.sender, owed0);
        if (owed1 > 0) IERC20(_pool.token1()).transfer(msg.sender, owed1);
    }
}
