// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IBalancerPool, IBalancerVault} from "./BalancerV2.sol";

/// @title A lending market that takes Balancer pool tokens as collateral, for the tests
/// @notice What is borrowed against one pool's tokens is a position of its own. A guardian may freeze
/// one collateral; its admin alone thaws it. Repaying is never stopped, nor is taking out collateral
/// that nothing is owed on.
/// @dev THE FLAW: it prices a pool token by what the vault says the pool holds, over the supply. The
/// vault pays out an exit before it writes down the balances, so who is paid in coins and borrows from
/// within the payment is lent against what has left. Once `careful`, it first calls a function of the
/// vault that cannot be entered twice. Prices of single tokens are set by its admin: they are not what
/// this market is there to show. Never use this contract for real funds.
contract PoolTokenMarket is AccessControl {
    using SafeERC20 for IERC20;

    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");
    uint256 public constant LOAN_TO_VALUE = 75;
    uint256 private constant PERCENT = 100;
    uint256 private constant ONE = 1e18;

    struct Position {
        uint256 pledged;
        uint256 debt;
    }

    IERC20 public immutable asset;
    IBalancerVault public immutable vault;
    bool public careful;

    mapping(address token => uint256) public priceOf;
    mapping(IBalancerPool pool => bool) public frozen;
    mapping(IBalancerPool pool => mapping(address account => Position)) public positions;

    event Pledged(IBalancerPool indexed pool, address indexed account, uint256 amount);
    event Released(IBalancerPool indexed pool, address indexed account, uint256 amount);
    event Borrowed(IBalancerPool indexed pool, address indexed account, uint256 amount);
    event Repaid(IBalancerPool indexed pool, address indexed account, uint256 amount);
    event Frozen(IBalancerPool indexed pool);
    event Thawed(IBalancerPool indexed pool);

    error IsFrozen();
    error Undercollateralised();

    modifier whileNotFrozen(IBalancerPool pool) {
        if (frozen[pool]) revert IsFrozen();
        _;
    }

    constructor(IERC20 asset_, IBalancerVault vault_, address admin) {
        (asset, vault) = (asset_, vault_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function setPrice(address token, uint256 worth) external onlyRole(DEFAULT_ADMIN_ROLE) {
        priceOf[token] = worth;
    }

    function setCareful() external onlyRole(DEFAULT_ADMIN_ROLE) {
        careful = true;
    }

    function freeze(IBalancerPool pool) external onlyRole(GUARDIAN_ROLE) {
        frozen[pool] = true;
        emit Frozen(pool);
    }

    function thaw(IBalancerPool pool) external onlyRole(DEFAULT_ADMIN_ROLE) {
        frozen[pool] = false;
        emit Thawed(pool);
    }

    function pledge(IBalancerPool pool, uint256 amount) external whileNotFrozen(pool) {
        positions[pool][msg.sender].pledged += amount;
        emit Pledged(pool, msg.sender, amount);
        pool.transferFrom(msg.sender, address(this), amount);
    }

    function borrow(IBalancerPool pool, uint256 amount) external whileNotFrozen(pool) {
        Position storage position = positions[pool][msg.sender];
        position.debt += amount;
        _requireCovered(pool, position);
        emit Borrowed(pool, msg.sender, amount);
        asset.safeTransfer(msg.sender, amount);
    }

    function repay(IBalancerPool pool, uint256 amount) external {
        positions[pool][msg.sender].debt -= amount;
        emit Repaid(pool, msg.sender, amount);
        asset.safeTransferFrom(msg.sender, address(this), amount);
    }

    function release(IBalancerPool pool, uint256 amount) external {
        Position storage position = positions[pool][msg.sender];
        position.pledged -= amount;
        if (position.debt > 0) {
            if (frozen[pool]) revert IsFrozen();
            _requireCovered(pool, position);
        }
        emit Released(pool, msg.sender, amount);
        pool.transfer(msg.sender, amount);
    }

    /// @notice The asset's smallest units per pool token, as the vault and the pool have it right now.
    function price(IBalancerPool pool) public view returns (uint256) {
        (address[] memory tokens, uint256[] memory balances,) = vault.getPoolTokens(pool.getPoolId());
        uint256 value;
        for (uint256 i = 0; i < tokens.length; ++i) {
            value += balances[i] * priceOf[tokens[i]];
        }
        return value / pool.totalSupply();
    }

    function _requireCovered(IBalancerPool pool, Position storage position) private {
        if (careful) vault.manageUserBalance(new IBalancerVault.UserBalanceOp[](0));
        uint256 value = position.pledged * price(pool) / ONE;
        if (position.debt > value * LOAN_TO_VALUE / PERCENT) revert Undercollateralised();
    }
}
