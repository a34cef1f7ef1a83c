// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {RiskFeed} from "./RiskFeed.sol";
import {IRiskReport} from "./interfaces/IRiskReport.sol";

/// @title Cover of one protocol that pays when a case is confirmed
/// @notice Whoever puts up the bond asserts that a case happened: its id and evidence root as Firebreak
/// records them, when, and what share of each cover it pays. Anyone may dispute it for as large a bond.
/// Undisputed for `liveness` it is true; disputed, a named arbiter rules; where the arbiter is silent,
/// everyone has back what was put up and nothing is paid. (The shape of UMA's OptimisticOracleV3, with
/// the arbiter in the place of its vote.)
///
/// What bounds everyone:
/// - Covers that are sold never exceed the capital, and capital behind a cover is not withdrawn before
///   every claim on it is over: what is confirmed can be paid, always.
/// - A cover pays once, at most its amount, for a case within its time, and begins only `waiting` after
///   it was bought: nobody buys a house on fire.
/// - A false assertion costs its bond: half to whoever disputed it, half to the capital. So does a false
///   dispute.
/// - The price follows the risk feed between two ends; a feed that is silent or alarmed makes cover as
///   dear as it can be, never cheap.
/// - All terms are fixed for good, the arbiter too: holders know at the purchase who will rule. While it
///   is the owner, who would judge in its own cause, nothing is sold.
///
/// Funds leave by `withdraw` alone, by whom they are owed to. The coin is the currency.
/// @dev Balances are never read. Time is block time. Every path ends what it pays before it credits.
contract ParametricCover is Ownable2Step {
    /// @param bond What an assertion and a dispute put up each, in the coin's smallest unit.
    /// @param liveness Seconds for which an assertion may be disputed.
    /// @param ruling Seconds more for the arbiter.
    /// @param waiting Seconds from a purchase to the cover's begin.
    /// @param reportWithin Seconds from a case to its assertion.
    /// @param claimWithin Seconds for claims after all rulings.
    /// @param leastRate Price per unit of cover and `PERIOD`, 8 decimals: never less.
    /// @param mostRate Never more.
    /// @param fresh Seconds after which the feed's report is no price any more.
    struct Terms {
        uint128 bond;
        uint64 liveness;
        uint64 ruling;
        uint64 waiting;
        uint64 reportWithin;
        uint64 claimWithin;
        uint64 leastRate;
        uint64 mostRate;
        uint64 fresh;
    }

    /// @dev `open` ends once and for ever.
    struct Policy {
        address holder;
        bool open;
        uint128 amount;
        uint64 start;
        uint64 end;
        uint64 releaseAt;
    }

    enum Fate {
        None,
        Open,
        Disputed,
        True,
        False,
        Released
    }

    struct Assertion {
        Fate fate;
        address asserter;
        address disputer;
        uint64 occurredAt;
        uint64 disputeUntil;
        uint64 ruleUntil;
        uint64 claimUntil;
        uint16 share;
        bytes32 caseId;
        bytes32 evidenceRoot;
    }

    /// @notice What `share` is a part of.
    uint16 public constant WHOLE = 10_000;
    /// @notice What rates are a part of, and for how many seconds they are.
    uint64 public constant RATE = 1e8;
    uint64 public constant PERIOD = 30 days;
    /// @notice Each span of the terms lies between, in seconds.
    uint64 public constant MIN_SPAN = 10 minutes;
    uint64 public constant MAX_SPAN = 14 days;
    /// @notice A cover lasts this long at least, and at most.
    uint64 public constant MIN_COVER = 1 days;
    uint64 public constant MAX_COVER = 366 days;

    /// @notice The feed that prices follow, and the protocol that cover is of.
    RiskFeed public immutable feed;
    bytes32 public immutable protocol;

    Terms private _terms;
    /// @notice Who rules on what is disputed.
    address public immutable arbiter;
    /// @notice What stands behind the covers.
    uint256 public capital;
    /// @notice All covers that may still be claimed; never above `capital`.
    uint256 public committed;
    /// @notice What anyone may withdraw.
    mapping(address account => uint256) public owed;
    /// @notice Policies are numbered from 1.
    uint256 public policies;
    /// @notice The assertion by which a case was confirmed, 0 while it was not.
    mapping(bytes32 caseId => bytes32) public confirmed;

    mapping(uint256 id => Policy) private _policies;
    mapping(bytes32 id => Assertion) private _assertions;

    event Deposited(address indexed by, uint256 amount);
    event Reclaimed(uint256 amount);
    event Bought(
        uint256 indexed id, address indexed holder, uint256 amount, uint256 premium, uint64 start, uint64 end
    );
    event Lapsed(uint256 indexed id);
    event Asserted(
        bytes32 indexed id,
        bytes32 indexed caseId,
        address indexed asserter,
        bytes32 evidenceRoot,
        uint64 occurredAt,
        uint16 share,
        uint64 disputeUntil
    );
    event Disputed(bytes32 indexed id, address indexed disputer, uint64 ruleUntil);
    event Settled(bytes32 indexed id, Fate fate);
    event Paid(uint256 indexed id, bytes32 indexed assertion, address indexed holder, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);

    /// @notice An assertion and a dispute send exactly the bond, a purchase at least the premium.
    error WrongAmount(uint256 expected);
    /// @notice There is not as much capital that nothing is promised of.
    error NotCovered(uint256 free);
    /// @notice The premium is above what the buyer agreed to.
    error TooDear(uint256 premium);
    /// @notice A term, a time or an account lies outside of what is allowed.
    error OutOfRange();
    /// @notice The owner would judge in its own cause.
    error OwnCause();
    /// @notice Somebody asserted just this before.
    error AlreadyAsserted();
    /// @notice The case was confirmed already, by another assertion.
    error AlreadyConfirmed();
    /// @notice The assertion is not in the state that this needs.
    error WrongFate(Fate fate);
    /// @notice It is too early for this, or too late.
    error OutOfTime();
    /// @notice Only the arbiter rules.
    error NotArbiter();
    /// @notice Only the cover's holder claims.
    error NotHolder();
    /// @notice There is no such cover, or it has ended.
    error NotOpen();
    /// @notice The case did not happen within the cover's time.
    error NotWithin();
    /// @notice Nothing is owed to the caller.
    error NothingOwed();
    /// @notice Without an owner the capital would be nobody's.
    error OwnerRequired();

    /// @param safe The Safe that owns it: provides the capital, and takes back what is free.
    constructor(address safe, RiskFeed feed_, address arbiter_, Terms memory its) Ownable(safe) {
        if (its.bond == 0 || its.leastRate == 0) revert OutOfRange();
        if (its.leastRate > its.mostRate || its.mostRate > RATE || its.fresh == 0) {
            revert OutOfRange();
        }
        uint64[5] memory spans =
            [its.liveness, its.ruling, its.waiting, its.reportWithin, its.claimWithin];
        for (uint256 place = 0; place < spans.length; place++) {
            if (spans[place] < MIN_SPAN || spans[place] > MAX_SPAN) revert OutOfRange();
        }
        if (arbiter_ == address(0)) revert OutOfRange();
        (feed, protocol, arbiter, _terms) = (feed_, feed_.protocol(), arbiter_, its);
    }

    // ------------------------------------------------------------------ what holders do

    /// @notice Buy cover, with the premium as value; what is too much is owed back.
    /// @param amount What it pays at most, in the coin's smallest unit.
    /// @param duration Seconds from its begin to its end.
    /// @param mostPremium What the buyer agrees to pay.
    function buy(uint128 amount, uint64 duration, uint256 mostPremium)
        external
        payable
        returns (uint256 id)
    {
        if (amount == 0 || duration < MIN_COVER || duration > MAX_COVER) revert OutOfRange();
        if (arbiter == owner()) revert OwnCause();
        uint256 premium = quote(amount, duration);
        if (premium > mostPremium) revert TooDear(premium);
        if (msg.value < premium) revert WrongAmount(premium);
        // The premium itself stands behind no cover of the same purchase.
        if (committed + amount > capital) revert NotCovered(capital - committed);

        id = ++policies;
        uint64 start = uint64(block.timestamp) + _terms.waiting;
        uint64 end = start + duration;
        committed += amount;
        capital += premium;
        owed[msg.sender] += msg.value - premium;
        _policies[id] = Policy({
            holder: msg.sender,
            open: true,
            amount: amount,
            start: start,
            end: end,
            releaseAt: end + _terms.reportWithin + _terms.liveness + _terms.ruling
                + _terms.claimWithin
        });
        emit Bought(id, msg.sender, amount, premium, start, end);
    }

    /// @notice Pay a cover for a confirmed case, and end it. The holder alone: for a small case, others
    /// would end a cover that a large one is still to come of.
    function claim(uint256 id, bytes32 assertion) external {
        Policy storage its = _open(id);
        if (msg.sender != its.holder) revert NotHolder();
        Assertion storage told = _assertions[assertion];
        if (told.fate != Fate.True) revert WrongFate(told.fate);
        if (block.timestamp >= told.claimUntil) revert OutOfTime();
        if (told.occurredAt < its.start || told.occurredAt >= its.end) revert NotWithin();
        uint256 amount = uint256(its.amount) * told.share / WHOLE;
        its.open = false;
        committed -= its.amount;
        capital -= amount;
        owed[its.holder] += amount;
        emit Paid(id, assertion, its.holder, amount);
    }

    /// @notice End a cover on which no claim can come any more.
    function lapse(uint256 id) external {
        Policy storage its = _open(id);
        if (block.timestamp < its.releaseAt) revert OutOfTime();
        its.open = false;
        committed -= its.amount;
        emit Lapsed(id);
    }

    /// @notice Take all that one is owed.
    /// @param to Where it goes; a caller that cannot take coins names another account.
    function withdraw(address payable to) external {
        uint256 amount = owed[msg.sender];
        if (amount == 0) revert NothingOwed();
        owed[msg.sender] = 0;
        emit Withdrawn(msg.sender, to, amount);
        Address.sendValue(to, amount);
    }

    // ------------------------------------------------------------------ what anyone may assert

    /// @notice Say that a case happened, with the bond as value.
    /// @param caseId The case's id on `incidents-v1`.
    /// @param evidenceRoot The root of its evidence.
    /// @param occurredAt Time of the block in which it happened.
    /// @param share Of each cover that it pays, of `WHOLE`.
    function assertCase(bytes32 caseId, bytes32 evidenceRoot, uint64 occurredAt, uint16 share)
        external
        payable
        returns (bytes32 id)
    {
        if (msg.value != _terms.bond) revert WrongAmount(_terms.bond);
        if (caseId == 0 || evidenceRoot == 0 || share == 0 || share > WHOLE) revert OutOfRange();
        if (
            occurredAt > block.timestamp
                || block.timestamp - occurredAt > _terms.reportWithin
        ) revert OutOfTime();
        if (confirmed[caseId] != 0) revert AlreadyConfirmed();
        id = idOf(msg.sender, caseId, evidenceRoot, occurredAt, share);
        if (_assertions[id].fate != Fate.None) revert AlreadyAsserted();
        uint64 until = uint64(block.timestamp) + _terms.liveness;
        _assertions[id] = Assertion({
            fate: Fate.Open,
            asserter: msg.sender,
            disputer: address(0),
            occurredAt: occurredAt,
            disputeUntil: until,
            ruleUntil: until + _terms.ruling,
            claimUntil: until + _terms.ruling + _terms.claimWithin,
            share: share,
            caseId: caseId,
            evidenceRoot: evidenceRoot
        });
        emit Asserted(id, caseId, msg.sender, evidenceRoot, occurredAt, share, until);
    }

    /// @notice Say that an assertion is false, with the bond as value. The first one counts.
    function dispute(bytes32 id) external payable {
        Assertion storage its = _in(id, Fate.Open);
        if (block.timestamp >= its.disputeUntil) revert OutOfTime();
        if (msg.value != _terms.bond) revert WrongAmount(_terms.bond);
        (its.fate, its.disputer) = (Fate.Disputed, msg.sender);
        emit Disputed(id, msg.sender, its.ruleUntil);
    }

    /// @notice End an assertion that nobody disputed: it is true. Anyone may.
    function settle(bytes32 id) external {
        Assertion storage its = _in(id, Fate.Open);
        if (block.timestamp < its.disputeUntil) revert OutOfTime();
        owed[its.asserter] += _terms.bond;
        // Of two on one case that nobody disputed, the first to be settled counts.
        _end(id, its, confirmed[its.caseId] == 0 ? Fate.True : Fate.Released);
    }

    /// @notice Rule on an assertion that was disputed. The arbiter alone.
    function rule(bytes32 id, bool truth) external {
        Assertion storage its = _in(id, Fate.Disputed);
        if (msg.sender != arbiter) revert NotArbiter();
        if (block.timestamp >= its.ruleUntil) revert OutOfTime();
        uint256 bond = _terms.bond;
        owed[truth ? its.asserter : its.disputer] += bond + bond / 2;
        capital += bond - bond / 2;
        bool first = confirmed[its.caseId] == 0;
        _end(id, its, truth ? (first ? Fate.True : Fate.Released) : Fate.False);
    }

    /// @notice End an assertion that the arbiter did not rule on in time: bonds go back, and nothing is
    /// paid. Anyone may.
    function release(bytes32 id) external {
        Assertion storage its = _in(id, Fate.Disputed);
        if (block.timestamp < its.ruleUntil) revert OutOfTime();
        owed[its.asserter] += _terms.bond;
        owed[its.disputer] += _terms.bond;
        _end(id, its, Fate.Released);
    }

    // ------------------------------------------------------------------ what anyone may ask

    /// @notice What a cover costs now, rounded up.
    function quote(uint256 amount, uint64 duration) public view returns (uint256) {
        return Math.mulDiv(amount * rateNow(), duration, RATE * PERIOD, Math.Rounding.Ceil);
    }

    /// @notice The price per unit of cover and `PERIOD`, 8 decimals.
    /// @dev The feed's is for its own horizon, which its reporter chooses: brought to `PERIOD` before
    /// it is held against the ends, or a long horizon would make cover cheap.
    function rateNow() public view returns (uint256) {
        IRiskReport.Report memory its = feed.latestReport();
        bool fresh = block.timestamp - its.observedAt <= _terms.fresh;
        if (!fresh || its.horizon == 0 || its.standing != 0) return _terms.mostRate;
        uint256 rate = Math.mulDiv(its.coverRate, PERIOD, its.horizon, Math.Rounding.Ceil);
        return Math.min(_terms.mostRate, Math.max(_terms.leastRate, rate));
    }

    /// @notice Name an assertion.
    function idOf(
        address asserter,
        bytes32 caseId,
        bytes32 evidenceRoot,
        uint64 occurredAt,
        uint16 share
    ) public pure returns (bytes32) {
        return keccak256(abi.encode(asserter, caseId, evidenceRoot, occurredAt, share));
    }

    /// @notice All that is known of an assertion; zeros where there is none.
    function assertionOf(bytes32 id) external view returns (Assertion memory) {
        return _assertions[id];
    }

    /// @notice All that is known of a cover; zeros where there is none.
    function policyOf(uint256 id) external view returns (Policy memory) {
        return _policies[id];
    }

    /// @notice The terms, for good.
    function terms() external view returns (Terms memory) {
        return _terms;
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Add to the capital. Anyone may; it is the owner's then.
    function deposit() external payable {
        capital += msg.value;
        emit Deposited(msg.sender, msg.value);
    }

    /// @notice Take back capital that no cover stands on; the owner withdraws it.
    function reclaim(uint256 amount) external onlyOwner {
        if (amount > capital - committed) revert NotCovered(capital - committed);
        capital -= amount;
        owed[msg.sender] += amount;
        emit Reclaimed(amount);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // ------------------------------------------------------------------ parts

    function _open(uint256 id) private view returns (Policy storage its) {
        its = _policies[id];
        if (!its.open) revert NotOpen();
    }

    function _in(bytes32 id, Fate fate) private view returns (Assertion storage its) {
        its = _assertions[id];
        if (its.fate != fate) revert WrongFate(its.fate);
    }

    function _end(bytes32 id, Assertion storage its, Fate fate) private {
        its.fate = fate;
        if (fate == Fate.True) confirmed[its.caseId] = id;
        emit Settled(id, fate);
    }
}
