// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title A brake's target that does not behave, for the tests of the gate
contract HostileTarget {
    address private _callee;
    bytes private _call;

    /// @notice How often `pause` was reached.
    uint256 public pauses;

    error NotToday(uint256 code);

    /// @notice Let `pause` call somebody in its turn.
    function setCall(address callee, bytes calldata call_) external {
        (_callee, _call) = (callee, call_);
    }

    function pause() external {
        pauses += 1;
        if (_callee == address(0)) return;
        (bool done, bytes memory reason) = _callee.call(_call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }

    function refuse() external pure {
        revert NotToday(7);
    }

    function refuseInSilence() external pure {
        revert();
    }
}
