// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title What the sandbox calls of a Uniswap V2 pair; its code comes from its own package
interface IUniswapV2Pair {
    function token0() external view returns (address);
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes calldata data) external;
}

/// @title What the sandbox calls of the Uniswap V2 router
interface IUniswapV2Router {
    function swapExactTokensForTokens(
        uint256 amountIn,
        uint256 amountOutMin,
        address[] calldata path,
        address to,
        uint256 deadline
    ) external returns (uint256[] memory amounts);
}

/// @dev A pair's reserves, seen from one of its tokens.
function reservesOf(IUniswapV2Pair pair, address token)
    view
    returns (uint256 ofToken, uint256 ofOther)
{
    (uint256 reserve0, uint256 reserve1,) = pair.getReserves();
    return pair.token0() == token ? (reserve0, reserve1) : (reserve1, reserve0);
}

/// @dev What a swap pays out, after the fee of 0.3%.
function amountOut(uint256 paid, uint256 reserveIn, uint256 reserveOut) pure returns (uint256) {
    return paid * 997 * reserveOut / (reserveIn * 1000 + paid * 997);
}

/// @dev What a swap has to be paid for `taken`, with the fee of 0.3%.
function amountIn(uint256 taken, uint256 reserveIn, uint256 reserveOut) pure returns (uint256) {
    return reserveIn * taken * 1000 / ((reserveOut - taken) * 997) + 1;
}

/// @dev Takes an amount of a token out of a pair; with `data`, a flash swap that calls `to`.
function takeFrom(
    IUniswapV2Pair pair,
    address token,
    uint256 amount,
    address to,
    bytes memory data
) {
    bool first = pair.token0() == token;
    pair.swap(first ? amount : 0, first ? 0 : amount, to, data);
}
