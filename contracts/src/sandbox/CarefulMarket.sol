// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {RiskDial} from "../RiskDial.sol";

/// @title A lending market of ours that reads a risk oracle, for the tests and the documentation
/// @notice What it lends, against how much and at what fee follows the dial; who is liquidated does
/// not. Repaying and adding collateral never ask the dial.
/// @dev Its price is set by its owner: prices are not what this market is there to show.
contract CarefulMarket {
    using SafeERC20 for IERC20;

    uint256 public constant WHOLE = 10_000;
    /// @notice Loan-to-value in calm times and when all is tight, in basis points.
    uint256 public constant CALM_LTV = 7_500;
    uint256 public constant TIGHT_LTV = 4_000;
    /// @notice The fee on what is borrowed, likewise.
    uint256 public constant CALM_FEE = 10;
    uint256 public constant TIGHT_FEE = 200;
    /// @notice From where a debt may be liquidated. No oracle of risk moves it.
    uint256 public constant LIQUIDATION_THRESHOLD = 8_000;
    uint256 public constant LIQUIDATION_BONUS = 500;

    IERC20 public immutable asset;
    IERC20 public immutable collateral;
    RiskDial public immutable dial;
    address public immutable owner;

    /// @notice The asset's smallest units per unit of collateral, 18 decimals.
    uint256 public price = 1e18;

    mapping(address account => uint256) public collateralOf;
    mapping(address account => uint256) public debtOf;

    event Borrowed(address indexed account, uint256 amount, uint256 fee);
    event Liquidated(address indexed account, address indexed by, uint256 repaid, uint256 seized);

    error Undercollateralised();
    error NotLiquidatable();
    error NotOwner();
    error ExceedsBalance();

    constructor(IERC20 asset_, IERC20 collateral_, RiskDial dial_) {
        (asset, collateral, dial, owner) = (asset_, collateral_, dial_, msg.sender);
    }

    function setPrice(uint256 price_) external {
        if (msg.sender != owner) revert NotOwner();
        price = price_;
    }

    function loanToValue() public view returns (uint256) {
        return dial.between(CALM_LTV, TIGHT_LTV);
    }

    function fee() public view returns (uint256) {
        return dial.between(CALM_FEE, TIGHT_FEE);
    }

    function addCollateral(uint256 amount) external {
        collateralOf[msg.sender] += amount;
        collateral.safeTransferFrom(msg.sender, address(this), amount);
    }

    function removeCollateral(uint256 amount) external {
        if (amount > collateralOf[msg.sender]) revert ExceedsBalance();
        dial.turn();
        collateralOf[msg.sender] -= amount;
        if (!_covers(msg.sender, loanToValue())) revert Undercollateralised();
        collateral.safeTransfer(msg.sender, amount);
    }

    function borrow(uint256 amount) external {
        dial.turn();
        uint256 cost = amount * fee() / WHOLE;
        debtOf[msg.sender] += amount + cost;
        if (!_covers(msg.sender, loanToValue())) revert Undercollateralised();
        emit Borrowed(msg.sender, amount, cost);
        asset.safeTransfer(msg.sender, amount);
    }

    function repay(uint256 amount) external {
        if (amount > debtOf[msg.sender]) revert ExceedsBalance();
        debtOf[msg.sender] -= amount;
        asset.safeTransferFrom(msg.sender, address(this), amount);
    }

    function liquidate(address account, uint256 amount) external {
        if (_covers(account, LIQUIDATION_THRESHOLD)) revert NotLiquidatable();
        if (amount > debtOf[account]) revert ExceedsBalance();
        uint256 seized = amount * 1e18 * (WHOLE + LIQUIDATION_BONUS) / (price * WHOLE);
        if (seized > collateralOf[account]) revert ExceedsBalance();
        debtOf[account] -= amount;
        collateralOf[account] -= seized;
        emit Liquidated(account, msg.sender, amount, seized);
        asset.safeTransferFrom(msg.sender, address(this), amount);
        collateral.safeTransfer(msg.sender, seized);
    }

    function _covers(address account, uint256 part) private view returns (bool) {
        return debtOf[account] <= collateralOf[account] * price / 1e18 * part / WHOLE;
    }
}
