// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {RateLimiter} from "@openzeppelin/contracts-5.7/utils/RateLimiter.sol";

/// @title A vault behind OpenZeppelin's RateLimiter, for the tests of a brake that lowers its capacity
/// @notice The library has no function of its own from outside; a protocol names its own.
contract LimitedVault {
    using RateLimiter for RateLimiter.RefillingBucket;

    address public immutable owner;
    address public immutable guardian;
    RateLimiter.RefillingBucket private _outflow;

    error NotGuardian();

    constructor(address guardian_, uint48 window_, uint208 capacity_) {
        (owner, guardian) = (msg.sender, guardian_);
        _outflow.updateSettings(window_, capacity_);
    }

    function setLimit(uint48 window_, uint208 capacity_) external {
        if (msg.sender != guardian && msg.sender != owner) revert NotGuardian();
        _outflow.updateSettings(window_, capacity_);
    }

    function capacity() external view returns (uint256) {
        return _outflow._capacity;
    }

    function withdraw(uint256 amount) external {
        _outflow.consume(bytes32(0), amount);
    }
}
