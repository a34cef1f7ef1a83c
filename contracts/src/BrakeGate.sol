// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title The gate between an automation and the protocols it may brake
/// @notice Protocols give this contract their pauser role. It makes exactly the calls that its
/// owner, a Safe, has allow-listed, and makes them for responders only, each action once, within a
/// budget, and no longer than its authority lasts. It holds no funds, takes none and sends none.
///
/// What bounds a responder whose key is stolen: it can brake what the Safe chose to be brakeable,
/// `brakes` times per window, until the Safe removes it or kills the gate. It cannot release, move
/// funds, change a setting or reach any other function.
///
/// What bounds one that merely misbehaves: an action id works once, so a retry never brakes twice;
/// an epoch behind the latest is refused, so a leader that was stopped and wakes up is fenced off.
///
/// An action id is the responder's own word for what it does; the gate does not read anything into
/// it. Who finds an action used looks at the target to see whether it is braked.
///
/// @dev Calls, not selectors, are allow-listed: a target with its whole calldata. Many protocols
/// brake and release by the same selector (`setPoolPause(bool)`, absolute bitmaps), so only the
/// arguments tell the two apart. For the same reason there is no deny list of releasing selectors:
/// it could never be complete and would suggest a protection that is not there. That the gate can
/// only brake is enforced by what the Safe allow-lists, and by nothing else: review each entry.
///
/// Checks, effects, then the one external call. A target that calls back finds its action used and
/// its budget spent; a target that reverts undoes both with the whole transaction, and its reason
/// is passed on unchanged, so that "already paused" can be told from "refused here".
///
/// Time is block time. A proposer can shift it by seconds; TTL and window are hours.
contract BrakeGate is Ownable2Step {
    /// @notice The longest that authority can last without a heartbeat, in seconds.
    uint64 public constant MAX_TTL = 30 days;

    /// @notice Who may brake.
    mapping(address account => bool) public isResponder;

    /// @notice Who may renew the authority. Never a responder: a stolen responder key must not be
    /// able to keep itself in power.
    mapping(address account => bool) public isHeartbeat;

    /// @notice Which calls may be made, by `brakeId`.
    mapping(bytes32 id => bool) public isBrake;

    /// @notice Which actions have been carried out.
    mapping(bytes32 actionId => bool) public used;

    /// @notice The highest epoch that has braked.
    uint64 public latestEpoch;

    /// @notice When the authority to brake ends, in seconds since 1970; 0 when there is none.
    uint64 public authorityUntil;

    /// @notice How long the authority lasts from each heartbeat, in seconds.
    uint64 public ttl;

    /// @notice How many brakes may fall into any span of `window` seconds.
    uint32 public budget;

    /// @notice The span that the budget is counted over, in seconds.
    uint64 public window;

    /// @dev Times of all brakes, oldest first. With a budget of n, another brake is due only when
    /// the n-th last one lies a whole window back: an exact rolling window in one read.
    uint64[] private _brakedAt;

    event Braked(
        bytes32 indexed actionId,
        address indexed target,
        address indexed responder,
        bytes4 selector,
        uint64 epoch
    );
    event AuthorityRenewed(address indexed by, uint64 until);
    event Killed();
    event ResponderSet(address indexed account, bool allowed);
    event HeartbeatSet(address indexed account, bool allowed);
    event BrakeSet(bytes32 indexed id, address indexed target, bytes data, bool allowed);
    event BudgetSet(uint32 brakes, uint64 window);
    event TtlSet(uint64 ttl);
    event EpochSet(uint64 epoch);

    /// @notice The caller is not a responder.
    error NotResponder();
    /// @notice The caller is not a heartbeat account.
    error NotHeartbeat();
    /// @notice The gate was never armed, or it was killed. Only the Safe can arm it.
    error Disarmed();
    /// @notice No heartbeat came in time. Only the Safe can arm the gate again.
    error AuthorityLapsed();
    /// @notice This target with this calldata is not allow-listed.
    error UnknownBrake();
    /// @notice The gate and its owner are never braked.
    error ForbiddenTarget();
    /// @notice There is no contract at the target: a call would succeed and brake nothing.
    error TargetWithoutCode();
    /// @notice This action was carried out before.
    error ActionUsed();
    /// @notice A later epoch has braked: another responder has taken over.
    error StaleEpoch();
    /// @notice As many brakes as the budget allows lie within the window.
    error BudgetSpent();
    /// @notice A brake's calldata starts with a selector of four bytes.
    error SelectorMissing();
    /// @notice An account is either a responder or a heartbeat account.
    error RolesMustDiffer();
    /// @notice The TTL lies outside 1..MAX_TTL, or the window is 0.
    error OutOfRange();
    /// @notice Without an owner nobody could stop the gate.
    error OwnerRequired();

    /// @param safe The Safe that owns the gate. The gate starts disarmed and with nothing allowed.
    constructor(address safe) Ownable(safe) {}

    // ------------------------------------------------------------------ what responders do

    /// @notice Make one allow-listed call, once.
    /// @dev Reverts with the reason that `judge` gives, or with the target's own.
    /// @param actionId Names the action; the same id never acts twice.
    /// @param epoch The caller's term of leadership, at least the latest that has braked.
    /// @param target The contract to brake.
    /// @param data The whole calldata, exactly as allow-listed.
    function brake(bytes32 actionId, uint64 epoch, address target, bytes calldata data) external {
        bytes4 refusal = judge(msg.sender, actionId, epoch, target, data);
        if (refusal != bytes4(0)) _refuse(refusal);

        used[actionId] = true;
        latestEpoch = epoch;
        _brakedAt.push(uint64(block.timestamp));
        emit Braked(actionId, target, msg.sender, bytes4(data), epoch);

        Address.functionCall(target, data);
    }

    /// @notice Say whether `brake` would reach the target, without sending anything.
    /// @return refusal The selector of the error that stands in the way, 0 when none does.
    function judge(
        address responder,
        bytes32 actionId,
        uint64 epoch,
        address target,
        bytes calldata data
    ) public view returns (bytes4 refusal) {
        if (!isResponder[responder]) return NotResponder.selector;
        if (authorityUntil == 0) return Disarmed.selector;
        if (block.timestamp >= authorityUntil) return AuthorityLapsed.selector;
        if (!_allows(target, data)) return UnknownBrake.selector;
        if (_isForbidden(target)) return ForbiddenTarget.selector;
        if (target.code.length == 0) return TargetWithoutCode.selector;
        if (used[actionId]) return ActionUsed.selector;
        if (epoch < latestEpoch) return StaleEpoch.selector;
        if (_budgetIsSpent()) return BudgetSpent.selector;
        return bytes4(0);
    }

    /// @notice Name a call. The target's fixed width keeps the two parts apart.
    function brakeId(address target, bytes calldata data) public pure returns (bytes32) {
        return keccak256(abi.encodePacked(target, data));
    }

    // ------------------------------------------------------------------ what heartbeats do

    /// @notice Let the authority last one TTL from now. Too late once it has lapsed: silence means
    /// that nobody may be watching the automation, and then people decide.
    function heartbeat() external {
        if (!isHeartbeat[msg.sender]) revert NotHeartbeat();
        if (authorityUntil == 0) revert Disarmed();
        if (block.timestamp >= authorityUntil) revert AuthorityLapsed();
        _renewAuthority();
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Give the gate authority for one TTL. The only way back from `kill` and from a lapse.
    function arm() external onlyOwner {
        if (ttl == 0) revert OutOfRange();
        _renewAuthority();
    }

    /// @notice End the authority now; heartbeats cannot bring it back.
    function kill() external onlyOwner {
        authorityUntil = 0;
        emit Killed();
    }

    /// @notice Allow or forbid an account to brake.
    function setResponder(address account, bool allowed) external onlyOwner {
        if (allowed && isHeartbeat[account]) revert RolesMustDiffer();
        isResponder[account] = allowed;
        emit ResponderSet(account, allowed);
    }

    /// @notice Allow or forbid an account to renew the authority.
    function setHeartbeat(address account, bool allowed) external onlyOwner {
        if (allowed && isResponder[account]) revert RolesMustDiffer();
        isHeartbeat[account] = allowed;
        emit HeartbeatSet(account, allowed);
    }

    /// @notice Allow or forbid one call. Make sure that it narrows what the target does and that
    /// no part of it releases anything: nothing else in this contract checks that.
    function setBrake(address target, bytes calldata data, bool allowed) external onlyOwner {
        if (allowed) {
            if (_isForbidden(target)) revert ForbiddenTarget();
            if (target.code.length == 0) revert TargetWithoutCode();
            if (data.length < 4) revert SelectorMissing();
        }
        bytes32 id = brakeId(target, data);
        isBrake[id] = allowed;
        emit BrakeSet(id, target, data, allowed);
    }

    /// @notice Allow `brakes` brakes within any `window_` seconds. Past brakes count at once.
    function setBudget(uint32 brakes, uint64 window_) external onlyOwner {
        if (window_ == 0) revert OutOfRange();
        budget = brakes;
        window = window_;
        emit BudgetSet(brakes, window_);
    }

    /// @notice Set how long the authority lasts from the next renewal on.
    function setTtl(uint64 ttl_) external onlyOwner {
        if (ttl_ == 0 || ttl_ > MAX_TTL) revert OutOfRange();
        ttl = ttl_;
        emit TtlSet(ttl_);
    }

    /// @notice Set the epoch: higher to fence off every responder of today, lower to undo the jump
    /// of one that was stolen.
    function setEpoch(uint64 epoch) external onlyOwner {
        latestEpoch = epoch;
        emit EpochSet(epoch);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // ------------------------------------------------------------------ parts

    function _renewAuthority() private {
        authorityUntil = uint64(block.timestamp) + ttl;
        emit AuthorityRenewed(msg.sender, authorityUntil);
    }

    /// @dev Whether a call may be made: one that was allow-listed, unless a gate knows more of its own.
    function _allows(address target, bytes calldata data) internal view virtual returns (bool) {
        return isBrake[brakeId(target, data)];
    }

    /// @dev Checked again on each brake, because the owner can change after a call was allowed.
    function _isForbidden(address target) private view returns (bool) {
        return target == address(this) || target == owner();
    }

    function _budgetIsSpent() private view returns (bool) {
        uint256 count = _brakedAt.length;
        if (count < budget) return false;
        return budget == 0 || block.timestamp - _brakedAt[count - budget] < window;
    }

    function _refuse(bytes4 reason) private pure {
        assembly ("memory-safe") {
            mstore(0, reason)
            revert(0, 4)
        }
    }
}
