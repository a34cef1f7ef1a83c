// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Halt requests of watchers from outside, each with a bond
/// @notice Anyone may say that a protocol is under attack and put up a bond for it. It brakes
/// nothing: a responder may take the event for one piece of evidence. An arbiter rules whether it
/// was right. What bonds and rewards make honesty pay is in docs/incentives.md.
///
/// How a request ends, always:
/// - upheld, by the arbiter: the bond back, a share of the reward, and the stake of a challenger;
/// - rejected, by the arbiter: the challenger's share of the bond, with its stake, to the
///   challenger; the rest, all of it where nobody challenged, to the harmed protocol;
/// - released, by anyone, once no ruling came in time: everyone has back what was put up. An
///   arbiter's silence earns nobody anything; in particular no false request earns a reward by it.
///
/// Whoever challenges stakes as much as it may gain, so that a challenge for its own sake costs.
/// A watcher may challenge itself from another account and have the challenger's share back: what a
/// rejected request is sure to cost is the bond without that share.
///
/// What bounds the owner: bond, reward, window, shares, arbiter and the harmed are fixed for a
/// request as it is made. The owner can take back no more than rewards that are promised to nobody,
/// can stop nothing and cannot leave. The arbiter is trusted to rule, and with nothing else; it is
/// never the harmed, but nothing keeps it from challenging under another name: watchers should look
/// who it is, and how long it was.
///
/// Funds leave by `withdraw` alone, by whom they are owed to, to wherever that account says. The
/// coin itself is the currency: no token can refuse, tax or call back.
///
/// @dev Balances are never read, so coins forced in change nothing and stay for good. Time is block
/// time. Every path ends a request before it credits anyone.
contract BondedRequests is Ownable2Step {
    /// @param bond What a request puts up, in the smallest unit of the coin.
    /// @param reward What requests that are upheld together share, in the same.
    /// @param window For how many seconds a request may be challenged.
    /// @param ruling For how many more the arbiter may rule on one that was.
    /// @param share The challenger's part of a rejected bond, of `WHOLE`.
    struct Terms {
        uint128 bond;
        uint128 reward;
        uint64 window;
        uint64 ruling;
        uint16 share;
    }

    /// @dev `watcher` is 0 for what was never requested; `open` ends once and for ever.
    struct Request {
        address watcher;
        uint64 challengeUntil;
        bool open;
        address challenger;
        uint64 deadline;
        address target;
        uint64 ruling;
        address harmed;
        address arbiter;
        uint128 bond;
        uint128 reward;
        uint128 stake;
    }

    /// @notice What `share` is a part of.
    uint16 public constant WHOLE = 10_000;
    /// @notice No challenge window and no time for a ruling is shorter, in seconds.
    uint64 public constant MIN_SPAN = 10 minutes;
    /// @notice None is longer, so that no bond is held for more than twice as long.
    uint64 public constant MAX_SPAN = 14 days;
    /// @notice Requests that can be upheld together.
    uint256 public constant MAX_TOGETHER = 16;

    /// @notice What the next request is made on.
    Terms public terms;
    /// @notice Who rules on the next requests.
    address public arbiter;
    /// @notice Who is credited when a request about this target is rejected; 0 where none is heard.
    mapping(address target => address) public harmedOf;
    /// @notice Rewards that are promised to nobody yet.
    uint256 public pool;
    /// @notice What anyone may withdraw.
    mapping(address account => uint256) public owed;
    /// @notice All that is held for anyone: bonds, stakes, rewards, and what may be withdrawn.
    uint256 public held;

    mapping(bytes32 id => Request) private _requests;

    event HaltRequested(
        bytes32 indexed id,
        address indexed target,
        address indexed watcher,
        bytes32 claim,
        bytes32 evidence,
        uint256 bond,
        uint256 reward,
        uint256 challengeUntil
    );
    event HaltRequestChallenged(
        bytes32 indexed id, address indexed challenger, uint256 stake, uint256 deadline
    );
    event HaltRequestUpheld(bytes32 indexed id, address indexed watcher, uint256 reward);
    event HaltRequestRejected(
        bytes32 indexed id, address indexed harmed, address indexed challenger, uint256 slashed
    );
    event HaltRequestReleased(bytes32 indexed id, address indexed watcher);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event Funded(address indexed by, uint256 amount);
    event Reclaimed(uint256 amount);
    event TermsSet(Terms terms);
    event ArbiterSet(address indexed arbiter);
    event TargetSet(address indexed target, address indexed harmed);

    /// @notice The owner has not said who would be harmed: requests about this target are not heard.
    error UnknownTarget();
    /// @notice The harmed is the arbiter, which would judge in its own cause.
    error OwnCause();
    /// @notice A request sends exactly the bond, a challenge exactly the stake.
    error WrongAmount(uint256 expected);
    /// @notice The pool does not hold the reward that the watcher asks for at least.
    error RewardMissing(uint256 available);
    /// @notice This watcher made this very request before.
    error AlreadyRequested();
    /// @notice There is no such request, or it has ended.
    error NotOpen();
    /// @notice The window is over.
    error TooLateToChallenge();
    /// @notice Somebody else challenged already.
    error AlreadyChallenged();
    /// @notice Only the arbiter that the request was made under rules on it.
    error NotArbiter();
    /// @notice The time for a ruling is over: release it.
    error TooLateToRule();
    /// @notice The arbiter may still rule.
    error TooEarlyToRelease();
    /// @notice One to `MAX_TOGETHER` requests about one target are upheld together.
    error NotTogether();
    /// @notice Nothing is owed to the caller.
    error NothingOwed();
    /// @notice A term, a part or an account lies outside of what is allowed.
    error OutOfRange();
    /// @notice Without an owner nobody could set terms again.
    error OwnerRequired();

    /// @param safe The Safe that owns it: sets terms and targets for requests to come.
    constructor(address safe, address arbiter_, Terms memory terms_) Ownable(safe) {
        _setArbiter(arbiter_);
        _setTerms(terms_);
    }

    // ------------------------------------------------------------------ what watchers do

    /// @notice Ask that a protocol be halted, with the bond as value.
    /// @param target The contract that should stand still.
    /// @param claim Hash of what is claimed.
    /// @param evidence Hash of the address where the evidence is.
    /// @param leastReward The reward without which the watcher would rather not ask; may be 0.
    function request(address target, bytes32 claim, bytes32 evidence, uint128 leastReward)
        external
        payable
        returns (bytes32 id)
    {
        Terms memory its = terms;
        address harmed = harmedOf[target];
        if (harmed == address(0)) revert UnknownTarget();
        if (harmed == arbiter) revert OwnCause();
        if (msg.value != its.bond) revert WrongAmount(its.bond);
        id = idOf(msg.sender, target, claim, evidence);
        if (_requests[id].watcher != address(0)) revert AlreadyRequested();
        uint128 reward = uint128(Math.min(its.reward, pool));
        if (reward < leastReward) revert RewardMissing(reward);

        uint64 until = uint64(block.timestamp) + its.window;
        pool -= reward;
        held += msg.value;
        _requests[id] = Request({
            watcher: msg.sender,
            challengeUntil: until,
            open: true,
            challenger: address(0),
            deadline: until,
            target: target,
            ruling: its.ruling,
            harmed: harmed,
            arbiter: arbiter,
            bond: its.bond,
            reward: reward,
            stake: uint128(uint256(its.bond) * its.share / WHOLE)
        });
        emit HaltRequested(id, target, msg.sender, claim, evidence, its.bond, reward, until);
    }

    /// @notice Say that a request is false, with its stake as value. The first one counts.
    function challenge(bytes32 id) external payable {
        Request storage its = _open(id);
        if (block.timestamp >= its.challengeUntil) revert TooLateToChallenge();
        if (its.challenger != address(0)) revert AlreadyChallenged();
        if (msg.value != its.stake) revert WrongAmount(its.stake);
        its.challenger = msg.sender;
        its.deadline = its.challengeUntil + its.ruling;
        held += msg.value;
        emit HaltRequestChallenged(id, msg.sender, msg.value, its.deadline);
    }

    /// @notice End a request that nobody ruled on in time: everyone has back what was put up.
    function release(bytes32 id) external {
        Request storage its = _open(id);
        if (block.timestamp < its.deadline) revert TooEarlyToRelease();
        its.open = false;
        pool += its.reward;
        owed[its.watcher] += its.bond;
        if (its.challenger != address(0)) owed[its.challenger] += its.stake;
        emit HaltRequestReleased(id, its.watcher);
    }

    /// @notice Take all that one is owed.
    /// @param to Where it goes; a caller that cannot take coins names another account.
    function withdraw(address payable to) external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed();
        owed[msg.sender] = 0;
        held -= amount;
        emit Withdrawn(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }

    // ------------------------------------------------------------------ what the arbiter does

    /// @notice Rule that these requests, about one attack, were right: they share the reward.
    /// @dev What does not divide stays in the pool. One that is named twice is not open any more.
    function uphold(bytes32[] calldata ids) external {
        if (ids.length == 0 || ids.length > MAX_TOGETHER) revert NotTogether();
        address target = _requests[ids[0]].target;
        for (uint256 place = 0; place < ids.length; place++) {
            Request storage its = _rulable(ids[place]);
            if (its.target != target) revert NotTogether();
            its.open = false;
            uint256 reward = its.reward / ids.length;
            pool += its.reward - reward;
            owed[its.watcher] +=
                its.bond + reward + (its.challenger == address(0) ? 0 : its.stake);
            emit HaltRequestUpheld(ids[place], its.watcher, reward);
        }
    }

    /// @notice Rule that a request was false: its bond goes to the harmed and the challenger.
    function reject(bytes32 id) external {
        Request storage its = _rulable(id);
        its.open = false;
        pool += its.reward;
        uint256 challengers = its.challenger == address(0) ? 0 : its.stake;
        owed[its.harmed] += its.bond - challengers;
        // The stake, and as much again of the bond.
        if (challengers != 0) owed[its.challenger] += 2 * challengers;
        emit HaltRequestRejected(id, its.harmed, its.challenger, its.bond);
    }

    // ------------------------------------------------------------------ what anyone may ask

    /// @notice Name a request.
    function idOf(address watcher, address target, bytes32 claim, bytes32 evidence)
        public
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(watcher, target, claim, evidence));
    }

    /// @notice All that is known of a request; zeros where there is none.
    function requestOf(bytes32 id) external view returns (Request memory) {
        return _requests[id];
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Add to what rewards are paid from. Anyone may.
    function fund() external payable {
        pool += msg.value;
        held += msg.value;
        emit Funded(msg.sender, msg.value);
    }

    /// @notice Take back rewards that are promised to nobody; the owner withdraws them.
    function reclaim(uint256 amount) external onlyOwner {
        if (amount > pool) revert OutOfRange();
        pool -= amount;
        owed[msg.sender] += amount;
        emit Reclaimed(amount);
    }

    /// @notice Set what the next requests are made on.
    function setTerms(Terms memory its) external onlyOwner {
        _setTerms(its);
    }

    /// @notice Say who rules on the next requests.
    function setArbiter(address account) external onlyOwner {
        _setArbiter(account);
    }

    /// @notice Hear requests about a target, or (0) no more.
    /// @param harmed Who is credited when one is rejected. While that is the arbiter, none is heard.
    function setTarget(address target, address harmed) external onlyOwner {
        if (target == address(0)) revert OutOfRange();
        harmedOf[target] = harmed;
        emit TargetSet(target, harmed);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // ------------------------------------------------------------------ parts

    function _setTerms(Terms memory its) private {
        if (its.bond == 0 || its.share >= WHOLE) revert OutOfRange();
        if (its.window < MIN_SPAN || its.window > MAX_SPAN) revert OutOfRange();
        if (its.ruling < MIN_SPAN || its.ruling > MAX_SPAN) revert OutOfRange();
        terms = its;
        emit TermsSet(its);
    }

    function _setArbiter(address account) private {
        if (account == address(0)) revert OutOfRange();
        arbiter = account;
        emit ArbiterSet(account);
    }

    function _open(bytes32 id) private view returns (Request storage its) {
        its = _requests[id];
        if (!its.open) revert NotOpen();
    }

    function _rulable(bytes32 id) private view returns (Request storage its) {
        its = _open(id);
        if (msg.sender != its.arbiter) revert NotArbiter();
        if (block.timestamp >= its.deadline) revert TooLateToRule();
    }
}
