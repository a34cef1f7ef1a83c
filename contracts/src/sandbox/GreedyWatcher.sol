// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {BondedRequests} from "../BondedRequests.sol";

/// @title A watcher that asks for more while it is paid, for the tests of `BondedRequests`
contract GreedyWatcher {
    BondedRequests private immutable _requests;

    /// @notice How often it was paid.
    uint256 public paid;
    /// @notice Whether it got more when it asked again while it was paid.
    bool public gotMore;
    /// @notice Whether it takes coins at all.
    bool public takes = true;

    error TakesNothing();

    constructor(BondedRequests requests) {
        _requests = requests;
    }

    receive() external payable {
        if (!takes) revert TakesNothing();
        paid += 1;
        (bool done,) = address(_requests).call(
            abi.encodeCall(BondedRequests.withdraw, (payable(address(this))))
        );
        gotMore = gotMore || done;
    }

    function setTakes(bool takes_) external {
        takes = takes_;
    }

    function request(address target, bytes32 claim) external payable returns (bytes32) {
        return _requests.request{value: msg.value}(target, claim, 0, 0);
    }

    function withdraw(address payable to) external {
        _requests.withdraw(to);
    }
}
