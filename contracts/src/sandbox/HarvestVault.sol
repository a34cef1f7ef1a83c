// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IUniswapV2Router} from "./UniswapV2.sol";
import {IUniswapV3Router} from "./UniswapV3.sol";

/// @title What the vault asks of Synthetix' SystemStatus; its code comes from its own package
interface ISystemStatus {
    function requireExchangeBetweenSynthsAllowed(bytes32 source, bytes32 destination) external view;
}

/// @title A vault that sells the rewards it earned on an exchange, for the tests
/// @notice Whether a reward may be sold is asked of a SystemStatus, by its key: one pair can be halted
/// while the others are sold, and while everybody deposits and withdraws.
/// @dev THE FLAW: until its admin says what a reward has to bring at least, it is sold at any price, so
/// whoever bends the pair before and straightens it after keeps what is lost. Never use this contract
/// for real funds.
abstract contract RewardSeller is ERC4626, AccessControl {
    using SafeERC20 for IERC20;

    bytes32 public constant KEEPER_ROLE = keccak256("KEEPER_ROLE");
    bytes32 public constant ASSET_KEY = "sUSD";
    uint256 private constant ONE = 1e18;

    struct Reward {
        bytes32 key;
        uint256 least;
    }

    address public immutable router;
    ISystemStatus public immutable status;

    /// @notice Under which key each reward is halted, and what a whole one has to bring at least.
    mapping(IERC20 reward => Reward) public rewards;

    event Harvested(IERC20 indexed reward, uint256 sold, uint256 got);

    constructor(IERC20 asset_, address router_, ISystemStatus status_, address admin)
        ERC20("Acre Harvest", "ACH")
        ERC4626(asset_)
    {
        (router, status) = (router_, status_);
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function setReward(IERC20 reward, bytes32 key, uint256 least)
        external
        onlyRole(DEFAULT_ADMIN_ROLE)
    {
        rewards[reward] = Reward(key, least);
        reward.forceApprove(router, type(uint256).max);
    }

    function harvest(IERC20 reward, uint256 amount) external onlyRole(KEEPER_ROLE) {
        Reward memory terms = rewards[reward];
        status.requireExchangeBetweenSynthsAllowed(terms.key, ASSET_KEY);
        uint256 got = _sell(reward, amount, amount * terms.least / ONE);
        emit Harvested(reward, amount, got);
    }

    /// @dev Sell a reward for the asset; less than `least` is refused.
    function _sell(IERC20 reward, uint256 amount, uint256 least) internal virtual returns (uint256 got);
}

/// @title The same, on Uniswap V2
contract HarvestVault is RewardSeller {
    constructor(IERC20 asset_, address router_, ISystemStatus status_, address admin)
        RewardSeller(asset_, router_, status_, admin)
    {}

    function _sell(IERC20 reward, uint256 amount, uint256 least) internal override returns (uint256) {
        address[] memory path = new address[](2);
        (path[0], path[1]) = (address(reward), asset());
        uint256[] memory amounts = IUniswapV2Router(router).swapExactTokensForTokens(
            amount, least, path, address(this), block.timestamp
        );
        return amounts[1];
    }
}

/// @title The same, on Uniswap V3, in the pools with a fee of 0.3%
contract ConcentratedHarvestVault is RewardSeller {
    constructor(IERC20 asset_, address router_, ISystemStatus status_, address admin)
        RewardSeller(asset_, router_, status_, admin)
    {}

    function _sell(IERC20 reward, uint256 amount, uint256 least) internal override returns (uint256) {
        return IUniswapV3Router(router).exactInputSingle(
            IUniswapV3Router.ExactInputSingleParams({
                tokenIn: address(reward),
                tokenOut: asset(),
                fee: 3000,
                recipient: address(this),
                deadline: block.timestamp,
                amountIn: amount,
                amountOutMinimum: least,
                sqrtPriceLimitX96: 0
            })
        );
    }
}
