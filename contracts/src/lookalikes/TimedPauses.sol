// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title A contract that is paused for a time, with the interface of Lido's PausableUntil
/// @dev Ours throughout, as all in this file. As there, pausing what is paused reverts.
contract TimedPausable {
    address private immutable _owner = msg.sender;
    address private _pauser;
    uint256 private _until;

    error ResumedExpected();

    function setPauser(address pauser) external {
        require(msg.sender == _owner);
        _pauser = pauser;
    }

    function isPaused() public view returns (bool) {
        return block.timestamp < _until;
    }

    function pauseFor(uint256 duration) external {
        require(msg.sender == _pauser);
        if (isPaused()) revert ResumedExpected();
        _until = block.timestamp + duration;
    }

    function resume() external {
        require(msg.sender == _owner);
        _until = 0;
    }

    /// @notice What a user does.
    function act() external view {
        if (isPaused()) revert ResumedExpected();
    }
}

/// @title With the interface of Lido's CircuitBreaker: a pauser pauses each contract once, and only
/// as long as it keeps proving that it lives
contract HeartbeatBreaker {
    address private immutable _admin = msg.sender;
    uint256 public immutable pauseDuration;
    uint256 public immutable heartbeatInterval;

    mapping(address pausable => address) public getPauser;
    mapping(address pauser => uint256) public getPausableCount;
    mapping(address pauser => uint256) public heartbeatExpiry;

    error SenderNotAdmin();
    error SenderNotPauser();
    error HeartbeatExpired();
    error PauseFailed();

    constructor(uint256 duration, uint256 interval) {
        (pauseDuration, heartbeatInterval) = (duration, interval);
    }

    function registerPauser(address pausable, address pauser) external {
        if (msg.sender != _admin) revert SenderNotAdmin();
        _register(pausable, pauser);
        heartbeatExpiry[pauser] = block.timestamp + heartbeatInterval;
    }

    function heartbeat() public {
        if (getPausableCount[msg.sender] == 0) revert SenderNotPauser();
        if (block.timestamp >= heartbeatExpiry[msg.sender]) revert HeartbeatExpired();
        heartbeatExpiry[msg.sender] = block.timestamp + heartbeatInterval;
    }

    function pause(address pausable) external {
        if (msg.sender != getPauser[pausable]) revert SenderNotPauser();
        heartbeat();
        _register(pausable, address(0));
        TimedPausable(pausable).pauseFor(pauseDuration);
        if (!TimedPausable(pausable).isPaused()) revert PauseFailed();
    }

    function _register(address pausable, address pauser) private {
        address before = getPauser[pausable];
        if (before != address(0)) getPausableCount[before] -= 1;
        if (pauser != address(0)) getPausableCount[pauser] += 1;
        getPauser[pausable] = pauser;
    }
}

/// @title With the interface of Lido's GateSeal: pauses once, before it expires, and never again
contract OneTimeSeal {
    address private immutable _committee;
    uint256 private immutable _duration;
    uint256 private _expiry;

    constructor(address committee, uint256 duration, uint256 expiry) {
        (_committee, _duration, _expiry) = (committee, duration, expiry);
    }

    function get_expiry_timestamp() external view returns (uint256) {
        return _expiry;
    }

    function is_expired() public view returns (bool) {
        return block.timestamp > _expiry;
    }

    function seal(address[] calldata sealables) external {
        require(msg.sender == _committee, "sender: not SEALING_COMMITTEE");
        require(!is_expired(), "gate seal: expired");
        _expiry = 0;
        for (uint256 i = 0; i < sealables.length; ++i) {
            TimedPausable(sealables[i]).pauseFor(_duration);
        }
    }
}
