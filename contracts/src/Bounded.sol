// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {OutflowBucket} from "./OutflowBucket.sol";

/// @title What a protocol inherits to have its outflows bounded
/// @dev Put `bounded` on every function that lets the asset in or out. A reentrant call is counted
/// like any other: balances are compared before and after each of them. Credit is the caller's:
/// where users come through a router, it is one credit for all of them.
abstract contract Bounded {
    OutflowBucket public immutable bucket;

    constructor(OutflowBucket bucket_) {
        bucket = bucket_;
    }

    /// @param asset The token, or 0 for the chain's coin.
    modifier bounded(address asset) {
        bucket.open(asset, asset == address(0) ? _arriving() : 0);
        _;
        bucket.settle(asset, msg.sender);
    }

    /// @dev A function, because a modifier of what is not payable must not speak of `msg.value`.
    function _arriving() private view returns (uint256) {
        return msg.value;
    }
}
