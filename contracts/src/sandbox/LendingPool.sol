// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RolePausable} from "./RolePausable.sol";
import {IUniswapV2Pair, reservesOf} from "./UniswapV2.sol";

/// @title A lending pool with a known flaw, for the sandbox
/// @notice Lenders supply an asset; borrowers take it against a collateral token.
/// @dev THE FLAW: `price` is the spot price of one Uniswap V2 pair, which anyone can bend for the
/// length of a transaction. Never use this contract for real funds.
contract LendingPool is RolePausable {
    using SafeERC20 for IERC20;

    uint256 public constant LOAN_TO_VALUE = 75;
    uint256 public constant LIQUIDATION_THRESHOLD = 80;
    uint256 public constant LIQUIDATION_BONUS = 5;
    uint256 public constant CLOSE_FACTOR = 50;
    uint256 private constant PERCENT = 100;
    uint256 private constant ONE = 1e18;

    IERC20 public immutable asset;
    IERC20 public immutable collateral;
    IUniswapV2Pair public immutable pair;

    /// @notice The most that one transaction may borrow.
    uint256 public immutable borrowLimit;

    mapping(address lender => uint256 amount) public suppliedBy;
    mapping(address borrower => uint256 amount) public collateralOf;
    mapping(address borrower => uint256 amount) public debtOf;

    uint256 private transient _borrowedInTransaction;

    event Supplied(address indexed lender, uint256 amount);
    event Withdrawn(address indexed lender, uint256 amount);
    event CollateralAdded(address indexed borrower, uint256 amount);
    event CollateralRemoved(address indexed borrower, uint256 amount);
    event Borrowed(address indexed borrower, uint256 amount, uint256 price);
    event Repaid(address indexed borrower, uint256 amount);
    event Liquidated(
        address indexed borrower, address indexed liquidator, uint256 repaid, uint256 seized
    );

    error ExceedsBalance();
    error ExceedsBorrowLimit();
    error Undercollateralised();
    error NotLiquidatable();

    constructor(
        IERC20 asset_,
        IERC20 collateral_,
        IUniswapV2Pair pair_,
        uint256 borrowLimit_,
        address admin
    ) RolePausable(admin) {
        asset = asset_;
        collateral = collateral_;
        pair = pair_;
        borrowLimit = borrowLimit_;
    }

    function supply(uint256 amount) external whenNotPaused {
        suppliedBy[msg.sender] += amount;
        emit Supplied(msg.sender, amount);
        asset.safeTransferFrom(msg.sender, address(this), amount);
    }

    function withdraw(uint256 amount) external whenNotPaused {
        if (amount > suppliedBy[msg.sender]) revert ExceedsBalance();
        suppliedBy[msg.sender] -= amount;
        emit Withdrawn(msg.sender, amount);
        asset.safeTransfer(msg.sender, amount);
    }

    function addCollateral(uint256 amount) external whenNotPaused {
        collateralOf[msg.sender] += amount;
        emit CollateralAdded(msg.sender, amount);
        collateral.safeTransferFrom(msg.sender, address(this), amount);
    }

    function removeCollateral(uint256 amount) external whenNotPaused {
        if (amount > collateralOf[msg.sender]) revert ExceedsBalance();
        collateralOf[msg.sender] -= amount;
        if (!_covers(msg.sender, LOAN_TO_VALUE)) revert Undercollateralised();
        emit CollateralRemoved(msg.sender, amount);
        collateral.safeTransfer(msg.sender, amount);
    }

    function borrow(uint256 amount) external whenNotPaused {
        _borrowedInTransaction += amount;
        if (_borrowedInTransaction > borrowLimit) revert ExceedsBorrowLimit();
        debtOf[msg.sender] += amount;
        if (!_covers(msg.sender, LOAN_TO_VALUE)) revert Undercollateralised();
        emit Borrowed(msg.sender, amount, price());
        asset.safeTransfer(msg.sender, amount);
    }

    function repay(uint256 amount) external whenNotPaused {
        if (amount > debtOf[msg.sender]) revert ExceedsBalance();
        debtOf[msg.sender] -= amount;
        emit Repaid(msg.sender, amount);
        asset.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Repay part of an unsafe debt and take collateral of that value plus a bonus.
    function liquidate(address borrower, uint256 amount) external whenNotPaused {
        if (_covers(borrower, LIQUIDATION_THRESHOLD)) revert NotLiquidatable();
        if (amount > debtOf[borrower] * CLOSE_FACTOR / PERCENT) revert ExceedsBalance();
        uint256 seized = amount * ONE * (PERCENT + LIQUIDATION_BONUS) / (price() * PERCENT);
        if (seized > collateralOf[borrower]) revert ExceedsBalance();
        debtOf[borrower] -= amount;
        collateralOf[borrower] -= seized;
        emit Liquidated(borrower, msg.sender, amount, seized);
        asset.safeTransferFrom(msg.sender, address(this), amount);
        collateral.safeTransfer(msg.sender, seized);
    }

    /// @notice The asset's smallest units per whole collateral token, at the pair's spot price.
    function price() public view returns (uint256) {
        (uint256 ofCollateral, uint256 ofAsset) = reservesOf(pair, address(collateral));
        return ofAsset * ONE / ofCollateral;
    }

    function _covers(address borrower, uint256 percent) private view returns (bool) {
        uint256 value = collateralOf[borrower] * price() / ONE;
        return debtOf[borrower] <= value * percent / PERCENT;
    }
}
