// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title With the interface of Chainlink CCIP's RMN (2.1.0: what is cursed already is skipped), or
/// of RMNRemote 1.6, which refuses the whole call then
/// @dev Ours throughout, as all in this file.
contract CurseList {
    bytes16 private constant _ALL = 0x01000000000000000000000000000001;

    address private immutable _owner = msg.sender;
    bool private immutable _refusesDoubles;

    mapping(address account => bool) private _mayCurse;
    mapping(bytes16 subject => bool) private _cursed;

    error UnauthorizedCaller(address caller);
    error AlreadyCursed(bytes16 subject);

    constructor(address curser, bool refusesDoubles) {
        _mayCurse[curser] = true;
        _refusesDoubles = refusesDoubles;
    }

    function curse(bytes16[] calldata subjects) external {
        if (!_mayCurse[msg.sender]) revert UnauthorizedCaller(msg.sender);
        for (uint256 i = 0; i < subjects.length; ++i) {
            if (_refusesDoubles && _cursed[subjects[i]]) revert AlreadyCursed(subjects[i]);
            _cursed[subjects[i]] = true;
        }
    }

    function uncurse(bytes16[] calldata subjects) external {
        require(msg.sender == _owner);
        for (uint256 i = 0; i < subjects.length; ++i) {
            _cursed[subjects[i]] = false;
        }
    }

    function isCursed(bytes16 subject) public view returns (bool) {
        return _cursed[subject] || _cursed[_ALL];
    }

    /// @notice What a user does: send a message to the chain of this selector.
    function ccipSend(uint64 chain) external view {
        require(!isCursed(bytes16(uint128(chain))));
    }
}

/// @title With the interface of a CCIP token pool's rate limits
contract LimitedPool {
    struct Config {
        bool isEnabled;
        uint128 capacity;
        uint128 rate;
    }

    struct TokenBucket {
        uint128 tokens;
        uint32 lastUpdated;
        bool isEnabled;
        uint128 capacity;
        uint128 rate;
    }

    address private immutable _owner = msg.sender;
    address private immutable _rateLimitAdmin;

    mapping(uint64 chain => TokenBucket) private _outbound;
    mapping(uint64 chain => TokenBucket) private _inbound;

    error Unauthorized(address caller);
    error InvalidRateLimitRate(Config config);

    constructor(address admin) {
        _rateLimitAdmin = admin;
    }

    function setChainRateLimiterConfig(
        uint64 chain,
        Config calldata outbound,
        Config calldata inbound
    ) external {
        if (msg.sender != _owner && msg.sender != _rateLimitAdmin) revert Unauthorized(msg.sender);
        _set(_outbound[chain], outbound);
        _set(_inbound[chain], inbound);
    }

    function getCurrentOutboundRateLimiterState(uint64 chain)
        external
        view
        returns (TokenBucket memory)
    {
        return _now(_outbound[chain]);
    }

    function getCurrentInboundRateLimiterState(uint64 chain)
        external
        view
        returns (TokenBucket memory)
    {
        return _now(_inbound[chain]);
    }

    /// @notice What a user does: send so much to another chain.
    function lockOrBurn(uint64 chain, uint256 amount) external view {
        TokenBucket memory bucket = _now(_outbound[chain]);
        require(!bucket.isEnabled || amount <= bucket.tokens, "TokenMaxCapacityExceeded");
    }

    function _set(TokenBucket storage bucket, Config calldata config) private {
        if (config.isEnabled && (config.rate >= config.capacity || config.rate == 0)) {
            revert InvalidRateLimitRate(config);
        }
        uint128 tokens = _now(bucket).tokens;
        bucket.tokens = tokens < config.capacity ? tokens : config.capacity;
        bucket.lastUpdated = uint32(block.timestamp);
        bucket.isEnabled = config.isEnabled;
        bucket.capacity = config.capacity;
        bucket.rate = config.rate;
    }

    function _now(TokenBucket storage stored) private view returns (TokenBucket memory bucket) {
        bucket = stored;
        uint256 tokens = bucket.tokens
            + (block.timestamp - bucket.lastUpdated) * uint256(bucket.rate);
        bucket.tokens = uint128(tokens < bucket.capacity ? tokens : bucket.capacity);
        bucket.lastUpdated = uint32(block.timestamp);
    }
}
