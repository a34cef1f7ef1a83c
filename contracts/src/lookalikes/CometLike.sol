// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title What of Compound V3's Comet has to do with pausing, for the tests of its adapter
/// @notice Written from the interface of `Comet.sol` and `CometExt.sol`, none of whose compiled code
/// is in a public package. The five flags are one bitmap, and `pause` sets all of it at once.
contract CometLike {
    address public immutable governor;
    address public immutable pauseGuardian;

    uint8 private _flags;

    event PauseAction(
        bool supplyPaused,
        bool transferPaused,
        bool withdrawPaused,
        bool absorbPaused,
        bool buyPaused
    );

    error Paused();
    error Unauthorized();

    constructor(address governor_, address pauseGuardian_) {
        (governor, pauseGuardian) = (governor_, pauseGuardian_);
    }

    function pause(
        bool supplyPaused,
        bool transferPaused,
        bool withdrawPaused,
        bool absorbPaused,
        bool buyPaused
    ) external {
        if (msg.sender != governor && msg.sender != pauseGuardian) revert Unauthorized();
        _flags = _bit(supplyPaused, 0) | _bit(transferPaused, 1) | _bit(withdrawPaused, 2)
            | _bit(absorbPaused, 3) | _bit(buyPaused, 4);
        emit PauseAction(supplyPaused, transferPaused, withdrawPaused, absorbPaused, buyPaused);
    }

    /// @dev In the order of `CometExt.totalsBasic`; only the flags are kept here.
    function totalsBasic()
        external
        view
        returns (uint64, uint64, uint64, uint64, uint104, uint104, uint40, uint8)
    {
        return (0, 0, 0, 0, 0, 0, uint40(block.timestamp), _flags);
    }

    function isSupplyPaused() public view returns (bool) {
        return _flags & 1 != 0;
    }

    function isTransferPaused() public view returns (bool) {
        return _flags & 2 != 0;
    }

    function isWithdrawPaused() public view returns (bool) {
        return _flags & 4 != 0;
    }

    function isAbsorbPaused() public view returns (bool) {
        return _flags & 8 != 0;
    }

    function isBuyPaused() public view returns (bool) {
        return _flags & 16 != 0;
    }

    function supply(address, uint256) external view {
        if (isSupplyPaused()) revert Paused();
    }

    function withdraw(address, uint256) external view {
        if (isWithdrawPaused()) revert Paused();
    }

    function absorb(address, address[] calldata) external view {
        if (isAbsorbPaused()) revert Paused();
    }

    function _bit(bool set, uint8 place) private pure returns (uint8) {
        return set ? uint8(1) << place : 0;
    }
}
