// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

// Contracts with one flaw each, and beside it a sound twin, for the tests of assurance. Never use any
// of them for real funds.

/// @title Decides by tx.origin
contract OriginOwned {
    address public immutable owner = msg.sender;
    uint256 public fee;

    function setFee(uint256 fee_) external {
        require(tx.origin == owner, "owner");
        fee = fee_;
    }
}

/// @title The twin: only asks whether its caller is a contract
contract OriginCompared {
    address public immutable owner = msg.sender;
    uint256 public fee;

    event Asked(address origin);

    function setFee(uint256 fee_) external {
        require(msg.sender == tx.origin && msg.sender == owner, "owner");
        emit Asked(tx.origin);
        fee = fee_;
    }
}

/// @title Runs whatever code its caller names
contract Relay {
    function forward(address code, bytes calldata data) external returns (bytes memory answer) {
        bool done;
        (done, answer) = code.delegatecall(data);
        require(done, "failed");
    }
}

/// @title The twin: runs the code that it was made with
contract FixedRelay {
    address public immutable code;

    constructor(address code_) {
        code = code_;
    }

    function forward(bytes calldata data) external returns (bytes memory answer) {
        bool done;
        (done, answer) = code.delegatecall(data);
        require(done, "failed");
    }
}

/// @title Runs code whose address it keeps where no standard looks
contract Switched is Ownable(msg.sender) {
    address public plugin;

    function setPlugin(address plugin_) external onlyOwner {
        plugin = plugin_;
    }

    function run(bytes calldata data) external onlyOwner returns (bytes memory answer) {
        bool done;
        (done, answer) = plugin.delegatecall(data);
        require(done, "failed");
    }
}

/// @title Belongs to whoever comes first, again and again
contract OpenVault is UUPSUpgradeable {
    address public owner;

    function initialize(address owner_) external {
        owner = owner_;
    }

    function transferOwnership(address owner_) external {
        owner = owner_;
    }

    function _authorizeUpgrade(address) internal override {}
}

/// @title The twin: belongs to whoever made it
contract ClosedVault is UUPSUpgradeable {
    address public owner = msg.sender;

    error Unauthorized();

    function initialize(address owner_) external {
        if (owner != address(0)) revert Unauthorized();
        owner = owner_;
    }

    function transferOwnership(address owner_) external {
        if (msg.sender != owner) revert Unauthorized();
        owner = owner_;
    }

    function _authorizeUpgrade(address) internal view override {
        if (msg.sender != owner) revert Unauthorized();
    }
}

/// @title Makes a price of what a pool holds
contract BalancePriced {
    IERC20 public immutable asset;
    IERC20 public immutable share;
    address public immutable pool;

    constructor(IERC20 asset_, IERC20 share_, address pool_) {
        (asset, share, pool) = (asset_, share_, pool_);
    }

    function getPrice() external view returns (uint256) {
        return asset.balanceOf(pool) * 1e18 / share.balanceOf(pool);
    }
}

interface IFeed {
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80);
}

/// @title The twin: asks a feed, and counts balances for nothing but its books
contract FeedPriced {
    IERC20 public immutable asset;
    IFeed public immutable feed;

    constructor(IERC20 asset_, IFeed feed_) {
        (asset, feed) = (asset_, feed_);
    }

    function getPrice() external view returns (uint256) {
        (, int256 answer,,,) = feed.latestRoundData();
        return uint256(answer);
    }

    function held() external view returns (uint256) {
        return asset.balanceOf(address(this));
    }
}

/// @title A store whose brake stops one of two ways out
contract HalfPaused is Pausable, Ownable(msg.sender) {
    mapping(address depositor => uint256 amount) public balanceOf;

    function deposit() external payable {
        balanceOf[msg.sender] += msg.value;
    }

    function withdraw(uint256 amount) external whenNotPaused {
        _pay(amount);
    }

    function exit(uint256 amount) external {
        _pay(amount);
    }

    function sweepAll() external onlyOwner {
        (bool paid,) = owner().call{value: address(this).balance}("");
        require(paid, "refused");
    }

    function pause() external onlyOwner {
        _pause();
    }

    function _pay(uint256 amount) private {
        balanceOf[msg.sender] -= amount;
        (bool paid,) = msg.sender.call{value: amount}("");
        require(paid, "refused");
    }
}
