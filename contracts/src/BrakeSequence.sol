// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Several calls that make one brake
/// @notice Some protocols need two calls: a pool is paused, and its users are let out by a simpler
/// way. This contract holds the roles for both and makes the calls in one transaction, so no budget,
/// cooldown or lost transaction comes between them. What it calls is fixed when it is created, and so
/// is who may start it: a `BrakeGate`, or a Safe. It holds no funds, takes none and sends none.
///
/// @dev A step that reverts does not keep the others from being made: what reverts because it is done
/// already must not stand in the way. When no step works, the reason of the first is passed on. A
/// target that burns all gas it is given stops the steps behind it; so the narrowest step goes first.
contract BrakeSequence {
    struct Step {
        address target;
        bytes data;
    }

    /// @notice Who may start it.
    address public immutable caller;

    Step[] private _steps;

    event StepFailed(uint256 indexed step, bytes reason);

    /// @notice Somebody else than the caller.
    error NotCaller();
    /// @notice There is nothing to do, or nothing at a target.
    error NothingThere();

    constructor(address caller_, Step[] memory steps_) {
        if (steps_.length == 0) revert NothingThere();
        caller = caller_;
        for (uint256 i = 0; i < steps_.length; ++i) {
            if (steps_[i].target.code.length == 0) revert NothingThere();
            _steps.push(steps_[i]);
        }
    }

    /// @notice What it does, in this order.
    function steps() external view returns (Step[] memory) {
        return _steps;
    }

    /// @notice Make every call.
    function brake() external {
        if (msg.sender != caller) revert NotCaller();
        bytes memory reason;
        uint256 failed = 0;
        for (uint256 i = 0; i < _steps.length; ++i) {
            (bool done, bytes memory answer) = _steps[i].target.call(_steps[i].data);
            if (done) continue;
            if (failed == 0) reason = answer;
            failed += 1;
            emit StepFailed(i, answer);
        }
        if (failed < _steps.length) return;
        assembly ("memory-safe") {
            revert(add(reason, 32), mload(reason))
        }
    }
}
