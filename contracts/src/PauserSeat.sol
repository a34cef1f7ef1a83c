// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @notice The part of Lido's CircuitBreaker that its pausers use.
interface ICircuitBreaker {
    function pause(address pausable) external;
    function heartbeat() external;
    function heartbeatExpiry(address pauser) external view returns (uint256);
    function heartbeatInterval() external view returns (uint256);
}

interface IPausableUntil {
    function isPaused() external view returns (bool);
}

/// @title The pauser that a circuit breaker with heartbeats knows, for an automation
/// @notice Such a breaker obeys a pauser only as long as that very account keeps proving that it
/// lives. An automation has two accounts for that, so that a heartbeat that is stuck holds up no
/// brake, and a stolen braking key cannot keep itself in power; this contract lets the two be one
/// pauser. It can pause what the breaker lets it pause, and nothing else. It is replaced by
/// registering another one.
/// @dev Its heartbeat has the interface of `BrakeGate`'s, so that one process keeps both alive.
contract PauserSeat {
    ICircuitBreaker public immutable breaker;
    /// @notice Who pauses: a `BrakeGate`, or a responder's account.
    address public immutable braker;
    /// @notice Who keeps it alive.
    address public immutable keeper;

    /// @notice The caller is not the account for this.
    error NotAllowed();
    /// @notice The two accounts must differ.
    error RolesMustDiffer();

    constructor(ICircuitBreaker breaker_, address braker_, address keeper_) {
        if (braker_ == keeper_) revert RolesMustDiffer();
        (breaker, braker, keeper) = (breaker_, braker_, keeper_);
    }

    /// @notice Pause a contract, for as long as the breaker pauses, once.
    function pause(address pausable) external {
        if (msg.sender != braker) revert NotAllowed();
        breaker.pause(pausable);
    }

    /// @notice Prove to the breaker that somebody is there.
    function heartbeat() external {
        if (msg.sender != keeper) revert NotAllowed();
        breaker.heartbeat();
    }

    /// @notice When the breaker stops obeying, in seconds since 1970.
    function authorityUntil() external view returns (uint256) {
        return breaker.heartbeatExpiry(address(this));
    }

    /// @notice How long a heartbeat lasts, in seconds.
    function ttl() external view returns (uint256) {
        return breaker.heartbeatInterval();
    }

    /// @notice Whether a contract is paused.
    function isPaused(address pausable) external view returns (bool) {
        return IPausableUntil(pausable).isPaused();
    }
}
