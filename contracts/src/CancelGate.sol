// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {BrakeGate} from "./BrakeGate.sol";

/// @title A gate that may also cancel what waits in one timelock
/// @notice A cancellation names its operation, which nobody knows before it is queued, so no owner could
/// allow-list it. This gate makes `cancel(bytes32)` of one timelock, fixed when it is created, with any
/// operation, and nothing else that its owner did not allow-list. The timelock cancels what is pending
/// and refuses the rest, so a responder whose key is stolen can at worst cancel decisions, `brakes` of
/// them per window; whoever proposed them can queue them again. Action ids, epochs, budget, authority
/// and kill switch are `BrakeGate`'s and count for both.
/// @dev Its owner has to be somebody who decides without this timelock, a Safe: else cancelling could
/// keep the gate from being killed. An owner that is the timelock itself cannot be cancelled at all.
contract CancelGate is BrakeGate {
    /// @notice Whose operations may be cancelled.
    TimelockController public immutable timelock;

    constructor(address safe, TimelockController timelock_) BrakeGate(safe) {
        timelock = timelock_;
    }

    function _allows(address target, bytes calldata data) internal view override returns (bool) {
        return super._allows(target, data) || (target == address(timelock) && _cancels(data));
    }

    /// @dev The function and one word, and nothing behind it.
    function _cancels(bytes calldata data) private pure returns (bool) {
        return data.length == 36 && bytes4(data) == TimelockController.cancel.selector;
    }
}
