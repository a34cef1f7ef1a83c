// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title Markets with the interface of Synthetix' SystemStatus, for the tests of its adapter
/// @dev Ours throughout. As there, whoever may suspend a section need not be able to resume it, and
/// suspending again overwrites the reason.
contract SuspendableMarkets {
    struct Rights {
        bool canSuspend;
        bool canResume;
    }

    struct Suspension {
        bool suspended;
        uint248 reason;
    }

    bytes32 private constant _SYNTH_EXCHANGE = "SynthExchange";
    bytes32 private constant _SYNTH = "Synth";
    bytes32 private constant _FUTURES = "Futures";

    address private immutable _owner = msg.sender;

    mapping(bytes32 section => mapping(address account => Rights)) public accessControl;
    mapping(bytes32 section => mapping(bytes32 key => Suspension)) private _suspensions;

    function updateAccessControl(
        bytes32 section,
        address account,
        bool canSuspend,
        bool canResume
    ) external {
        require(msg.sender == _owner, "Only the contract owner may perform this action");
        accessControl[section][account] = Rights(canSuspend, canResume);
    }

    function suspendSynthsExchange(bytes32[] calldata keys, uint256 reason) external {
        _suspend(_SYNTH_EXCHANGE, keys, reason);
    }

    function suspendSynths(bytes32[] calldata keys, uint256 reason) external {
        _suspend(_SYNTH, keys, reason);
    }

    function suspendFuturesMarkets(bytes32[] calldata keys, uint256 reason) external {
        _suspend(_FUTURES, keys, reason);
    }

    function resumeSynthsExchange(bytes32[] calldata keys) external {
        _resume(_SYNTH_EXCHANGE, keys);
    }

    function resumeSynths(bytes32[] calldata keys) external {
        _resume(_SYNTH, keys);
    }

    function resumeFuturesMarkets(bytes32[] calldata keys) external {
        _resume(_FUTURES, keys);
    }

    function getSynthExchangeSuspensions(bytes32[] calldata keys)
        external
        view
        returns (bool[] memory, uint256[] memory)
    {
        return _look(_SYNTH_EXCHANGE, keys);
    }

    function getSynthSuspensions(bytes32[] calldata keys)
        external
        view
        returns (bool[] memory, uint256[] memory)
    {
        return _look(_SYNTH, keys);
    }

    function getFuturesMarketSuspensions(bytes32[] calldata keys)
        external
        view
        returns (bool[] memory, uint256[] memory)
    {
        return _look(_FUTURES, keys);
    }

    /// @notice What a user does: swap one synth for another.
    function exchange(bytes32 from, bytes32 to) external view {
        _requireActive(_SYNTH_EXCHANGE, from);
        _requireActive(_SYNTH_EXCHANGE, to);
    }

    /// @notice What a user does: send a synth.
    function send(bytes32 key) external view {
        _requireActive(_SYNTH, key);
    }

    /// @notice What a user does: trade on a futures market.
    function modifyPosition(bytes32 key) external view {
        _requireActive(_FUTURES, key);
    }

    function _suspend(bytes32 section, bytes32[] calldata keys, uint256 reason) private {
        require(
            accessControl[section][msg.sender].canSuspend, "Restricted to access control list"
        );
        for (uint256 i = 0; i < keys.length; ++i) {
            _suspensions[section][keys[i]] = Suspension(true, uint248(reason));
        }
    }

    function _resume(bytes32 section, bytes32[] calldata keys) private {
        require(accessControl[section][msg.sender].canResume, "Restricted to access control list");
        for (uint256 i = 0; i < keys.length; ++i) {
            delete _suspensions[section][keys[i]];
        }
    }

    function _look(bytes32 section, bytes32[] calldata keys)
        private
        view
        returns (bool[] memory suspended, uint256[] memory reasons)
    {
        suspended = new bool[](keys.length);
        reasons = new uint256[](keys.length);
        for (uint256 i = 0; i < keys.length; ++i) {
            Suspension storage found = _suspensions[section][keys[i]];
            (suspended[i], reasons[i]) = (found.suspended, found.reason);
        }
    }

    function _requireActive(bytes32 section, bytes32 key) private view {
        require(!_suspensions[section][key].suspended, "suspended. Operation prohibited");
    }
}
