// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @dev What of Compound V3's Comet is called here; the totals are `CometStorage.TotalsBasic`.
interface IComet {
    struct TotalsBasic {
        uint64 baseSupplyIndex;
        uint64 baseBorrowIndex;
        uint64 trackingSupplyIndex;
        uint64 trackingBorrowIndex;
        uint104 totalSupplyBase;
        uint104 totalBorrowBase;
        uint40 lastAccrualTime;
        uint8 pauseFlags;
    }

    function totalsBasic() external view returns (TotalsBasic memory);

    function pause(bool supply, bool transfer, bool withdraw, bool absorb, bool buy) external;
}

/// @title The pause guardian of a Comet, that can only ever pause more
/// @notice A Comet takes all its five flags at once, so whoever sends what it read a moment before may
/// release what somebody paused since. This contract holds the guardian's role, reads and writes in one
/// transaction, and lets its brake, a `BrakeGate`, only add flags. Its owner, a Safe, may do all that a
/// guardian may. It holds no funds, takes none and sends none.
contract CometKeeper is Ownable2Step {
    /// @notice Who may add flags.
    address public immutable brake;

    /// @notice Somebody else than the brake.
    error NotBrake();
    /// @notice There are five flags, and at least one is to be set.
    error UnknownFlags();

    constructor(address safe, address brake_) Ownable(safe) {
        brake = brake_;
    }

    /// @notice Pause these besides what is paused.
    /// @param flags One bit each: supply 1, transfer 2, withdraw 4, absorb 8, buy 16.
    function tighten(IComet comet, uint8 flags) external {
        if (msg.sender != brake) revert NotBrake();
        if (flags == 0 || flags > 31) revert UnknownFlags();
        _set(comet, comet.totalsBasic().pauseFlags | flags);
    }

    /// @notice Set all flags: also how people release.
    function set(IComet comet, uint8 flags) external onlyOwner {
        if (flags > 31) revert UnknownFlags();
        _set(comet, flags);
    }

    function _set(IComet comet, uint8 flags) private {
        comet.pause(
            flags & 1 != 0, flags & 2 != 0, flags & 4 != 0, flags & 8 != 0, flags & 16 != 0
        );
    }
}
