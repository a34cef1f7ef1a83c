// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title A bound on what may leave a protocol, for each asset, that needs nobody to be awake
/// @notice In the manner of ERC-7265. Protocols ask this contract after each of their transactions
/// (see `Bounded`); what left them is taken out of the asset's bucket, and where the bucket does
/// not hold as much, the transaction reverts. A bucket of capacity C that refills at r per second
/// lets at most C + r * T leave within any T seconds, whoever asks and whether or not anybody
/// watches. It holds no funds, and refuses rather than locks: nothing is ever to be claimed from it.
///
/// What is counted. Balances, not words: what left is how much less the protocol has than it had,
/// so a protocol whose books are wrong cannot report its way around the bound. What comes in from
/// outside its transactions (interest, donations) makes no room. Within one transaction only the
/// net outflow counts.
///
/// Whoever brings funds can take as much out again within `credit` seconds without touching the
/// bucket, so that capital that goes in and out, borrowed for a block, cannot empty it for the
/// others; to hold the bucket empty, funds must lie still for as long as `credit` first. What may
/// leave within T is therefore C + r * T and what itself came in within T and `credit` before.
/// Where a claim can be handed on (transferable shares), one account could bring and another take,
/// so there credit has to be `pooled`: it is anyone's, and so are the fresh funds of others.
///
/// Value. C and r are in a unit of value of the owner's choice; an amount's value is its price's
/// share of it. The price is the feed's, held within a band that the owner declares; a feed that
/// is stale, zero, negative, broken or gone counts as the top of the band, where least may leave.
/// While the true price lies within the band, the bound holds in value; whatever a feed says, no
/// more than (C + r * T) * unit / low of the asset leaves. Without a feed, low = high = unit = 1
/// count in the asset itself.
///
/// Who changes it. Accounts that may `tighten`, such as a `BrakeGate`, can only narrow the limits,
/// for a time that they fix as they do; after it the limits return by themselves, in a straight
/// line over `ramp` seconds, and the level by nothing but its refill. Only the owner, a Safe, can
/// widen them, and never at once: over the same ramp.
///
/// What it does not bound: what leaves by a function that does not ask, or by an allowance that the
/// protocol gave (the next function that asks pays for it, and fails if that is too much), one that
/// is upgraded not to ask, a token that lies about balances, several assets together (their bounds
/// add up).
contract OutflowBucket is Ownable2Step {
    /// @notice How the amount of an asset becomes a value, and how time heals.
    /// @param feed A Chainlink-style price feed, or 0.
    /// @param heartbeat The age in seconds from which its answer is stale.
    /// @param low The lowest price that is believed, as the feed counts.
    /// @param high The highest, and the price of an asset whose feed has none.
    /// @param unit What amount * price is divided by, for instance
    /// 10 ** (token's decimals + feed's decimals) for whole dollars.
    /// @param ramp How many seconds limits take to widen.
    /// @param credit For how many seconds what was brought can be taken out again freely.
    /// @param pooled Whether by anyone, rather than by whoever brought it.
    struct Terms {
        address feed;
        uint64 heartbeat;
        uint128 low;
        uint128 high;
        uint128 unit;
        uint64 ramp;
        uint64 credit;
        bool pooled;
    }

    /// @param capacity The most that may leave at once, in value.
    /// @param rate What comes back each second, in value.
    struct Limits {
        uint128 capacity;
        uint128 rate;
    }

    /// @dev Limits stand at `from` until `start`, then rise in a straight line to `to`, where they
    /// are from `end` on. By themselves they never fall.
    struct Bucket {
        Limits from;
        Limits to;
        uint64 start;
        uint64 end;
        uint128 level;
        uint64 looked;
        bool listed;
    }

    struct Holding {
        bool enrolled;
        uint248 known;
    }

    struct Credit {
        uint128 amount;
        uint64 until;
    }

    /// @notice The chain's own coin, as an asset.
    address public constant NATIVE = address(0);
    /// @notice No limit widens faster, in seconds.
    uint64 public constant MIN_RAMP = 1 hours;
    /// @notice No ramp, tightening or heartbeat is longer, in seconds.
    uint64 public constant MAX_SPAN = 30 days;
    /// @notice No credit lasts longer, in seconds.
    uint64 public constant MAX_CREDIT = 1 days;

    /// @dev Enough for a feed behind a proxy; one that uses it up is a broken one.
    uint256 private constant _FEED_GAS = 150_000;

    /// @notice Who may tighten.
    mapping(address account => bool) public mayTighten;
    /// @notice What each asset's value and healing go by.
    mapping(address asset => Terms) public terms;

    mapping(address asset => Bucket) private _buckets;
    mapping(address source => mapping(address asset => Holding)) private _holdings;
    mapping(address source => mapping(address asset => mapping(address account => Credit)))
        private _credits;

    event Charged(address indexed asset, address indexed source, address account, uint256 value);
    event Tightened(
        address indexed asset, address indexed by, uint128 capacity, uint128 rate, uint64 until
    );
    event LimitsSet(address indexed asset, uint128 capacity, uint128 rate, uint64 end);
    event Listed(address indexed asset, Terms terms);
    event Enrolled(address indexed source, address indexed asset, bool enrolled, uint256 known);
    event MayTightenSet(address indexed account, bool allowed);

    /// @notice More would leave than the bucket holds.
    error OutflowExceeded(address asset, uint256 value, uint256 available);
    /// @notice The owner has not enrolled the caller with this asset.
    error NotEnrolled();
    /// @notice The owner has not listed this asset.
    error NotListed();
    /// @notice The caller may not tighten.
    error MayNotTighten();
    /// @notice A time, price or unit lies outside of what is allowed.
    error OutOfRange();
    /// @notice Without an owner nobody could widen again.
    error OwnerRequired();

    constructor(address safe) Ownable(safe) {}

    // ------------------------------------------------------------------ what protocols do

    /// @notice Before anything moves: what came from outside makes no room.
    /// @param arriving What this very transaction has brought already: `msg.value`, for the coin.
    function open(address asset, uint256 arriving) external {
        Holding storage holding = _holdingOf(asset);
        uint256 balance = _balance(asset, msg.sender);
        if (balance > holding.known + arriving) {
            holding.known = SafeCast.toUint248(balance - arriving);
        }
    }

    /// @notice After everything moved: take what left out of the bucket, or revert.
    /// @param account For whom it moved.
    function settle(address asset, address account) external {
        Holding storage holding = _holdingOf(asset);
        (uint256 before, uint256 balance) = (holding.known, _balance(asset, msg.sender));
        holding.known = SafeCast.toUint248(balance);
        Terms storage its = terms[asset];
        Credit storage credit = _credits[msg.sender][asset][its.pooled ? address(0) : account];
        if (balance > before) _give(credit, balance - before, its.credit);
        else if (balance < before) _charge(asset, account, credit, before - balance);
    }

    // ------------------------------------------------------------------ what anyone may ask

    /// @notice What may leave now, in value.
    function available(address asset) public view returns (uint128 level) {
        Bucket storage bucket = _bucketOf(asset);
        (uint256 from, uint256 now_) = (bucket.looked, block.timestamp);
        Limits memory last = bucket.from;
        level = bucket.level;
        if (from < bucket.start) {
            uint256 until = Math.min(now_, bucket.start);
            level = _filled(level, (until - from) * last.rate, last.capacity);
            from = until;
        }
        if (from < now_ && from < bucket.end) {
            uint256 until = Math.min(now_, bucket.end);
            uint256 rates = uint256(_limitsAt(bucket, from).rate);
            last = _limitsAt(bucket, until);
            // A straight line's integral: the mean of its ends, times its length.
            level = _filled(level, (rates + last.rate) * (until - from) / 2, last.capacity);
            from = until;
        }
        if (from < now_) {
            last = bucket.to;
            level = _filled(level, (now_ - from) * last.rate, last.capacity);
        }
    }

    /// @notice The limits now.
    function limits(address asset) public view returns (uint128 capacity, uint128 rate) {
        Limits memory found = _limitsAt(_bucketOf(asset), block.timestamp);
        return (found.capacity, found.rate);
    }

    /// @notice How the limits heal: for how many seconds from now they stand, in how many they are as
    /// wide as the owner set them, and how wide that is.
    function healing(address asset)
        external
        view
        returns (uint256 stand, uint256 widen, uint128 capacity, uint128 rate)
    {
        Bucket storage bucket = _bucketOf(asset);
        stand = bucket.start - Math.min(bucket.start, block.timestamp);
        widen = bucket.end - Math.min(bucket.end, block.timestamp);
        (capacity, rate) = (bucket.to.capacity, bucket.to.rate);
    }

    /// @notice The price that counts now, as the feed counts, within the band.
    function price(address asset) public view returns (uint256) {
        Terms storage its = terms[asset];
        if (its.feed == address(0)) return its.high;
        // Not `try`: that reverts in here when the feed has no code or answers with rubbish.
        (bool done, bytes memory answer) = its.feed.staticcall{gas: _FEED_GAS}(
            abi.encodeWithSignature("latestRoundData()")
        );
        if (!done || answer.length != 160) return its.high;
        (, int256 told,, uint256 updated,) =
            abi.decode(answer, (uint256, int256, uint256, uint256, uint256));
        bool fresh = updated <= block.timestamp && block.timestamp - updated <= its.heartbeat;
        if (told <= 0 || !fresh) return its.high;
        return Math.min(its.high, Math.max(its.low, uint256(told)));
    }

    /// @notice What an amount is worth, rounded up.
    function valueOf(address asset, uint256 amount) public view returns (uint256) {
        return Math.mulDiv(amount, price(asset), terms[asset].unit, Math.Rounding.Ceil);
    }

    /// @notice What an account (0 where it is pooled) can take out of a source freely, in the asset,
    /// and until when.
    function creditOf(address source, address asset, address account)
        external
        view
        returns (uint128 amount, uint64 until)
    {
        Credit storage credit = _credits[source][asset][account];
        return block.timestamp < credit.until ? (credit.amount, credit.until) : (0, 0);
    }

    // ------------------------------------------------------------------ what responders do

    /// @notice Narrow the limits to these at most, for so many seconds from now at least.
    /// @dev Takes the smaller of each limit and the later end, so that it can be repeated, arrive
    /// late or out of order, and still never widens anything.
    function tighten(address asset, uint128 capacity, uint128 rate, uint64 duration) external {
        if (!mayTighten[msg.sender]) revert MayNotTighten();
        if (duration == 0 || duration > MAX_SPAN) revert OutOfRange();
        Bucket storage bucket = _look(asset);
        bucket.from = _narrower(_limitsAt(bucket, block.timestamp), Limits(capacity, rate));
        bucket.level = uint128(Math.min(bucket.level, bucket.from.capacity));
        bucket.start = uint64(Math.max(bucket.start, block.timestamp + duration));
        bucket.end = bucket.start + terms[asset].ramp;
        emit Tightened(asset, msg.sender, bucket.from.capacity, bucket.from.rate, bucket.start);
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Set the limits: what is narrower holds now, what is wider is reached over the ramp.
    /// Ends a tightening.
    function setLimits(address asset, uint128 capacity, uint128 rate) external onlyOwner {
        Bucket storage bucket = _look(asset);
        bucket.from = _narrower(_limitsAt(bucket, block.timestamp), Limits(capacity, rate));
        bucket.to = Limits(capacity, rate);
        bucket.level = uint128(Math.min(bucket.level, bucket.from.capacity));
        bucket.start = uint64(block.timestamp);
        bucket.end = bucket.start + terms[asset].ramp;
        emit LimitsSet(asset, capacity, rate, bucket.end);
    }

    /// @notice Say how an asset is valued, and its limits. The first time its bucket is full at
    /// once; again, it starts from nothing and the limits from zero, since another price or unit
    /// would widen it as well.
    function list(address asset, Terms calldata its, uint128 capacity, uint128 rate)
        external
        onlyOwner
    {
        if (its.low == 0 || its.low > its.high || its.unit == 0) revert OutOfRange();
        if (its.feed == address(0) && its.low != its.high) revert OutOfRange();
        if (its.heartbeat > MAX_SPAN || its.credit > MAX_CREDIT) revert OutOfRange();
        if (its.ramp < MIN_RAMP || its.ramp > MAX_SPAN) revert OutOfRange();
        Bucket storage bucket = _buckets[asset];
        bool again = bucket.listed;
        bucket.listed = true;
        bucket.to = Limits(capacity, rate);
        bucket.from = again ? Limits(0, 0) : bucket.to;
        bucket.level = bucket.from.capacity;
        bucket.looked = bucket.start = uint64(block.timestamp);
        bucket.end = again ? bucket.start + its.ramp : bucket.start;
        terms[asset] = its;
        emit Listed(asset, its);
        emit LimitsSet(asset, capacity, rate, bucket.end);
    }

    /// @notice Let a protocol draw on an asset's bucket, or no more: then its bounded functions all
    /// revert. Again: what it has now is what it is known to have, for instance after assets moved
    /// that nobody could ask for.
    function enrol(address source, address asset, bool enrolled) external onlyOwner {
        _bucketOf(asset);
        uint256 known = enrolled ? _balance(asset, source) : 0;
        _holdings[source][asset] = Holding(enrolled, SafeCast.toUint248(known));
        emit Enrolled(source, asset, enrolled, known);
    }

    /// @notice Allow or forbid an account to tighten.
    function setMayTighten(address account, bool allowed) external onlyOwner {
        mayTighten[account] = allowed;
        emit MayTightenSet(account, allowed);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // ------------------------------------------------------------------ parts

    /// @dev Credit that lives keeps its end, however much is added: it cannot be kept alive.
    function _give(Credit storage credit, uint256 amount, uint64 lasting) private {
        if (block.timestamp >= credit.until) {
            credit.amount = 0;
            credit.until = uint64(block.timestamp) + lasting;
        }
        credit.amount = SafeCast.toUint128(credit.amount + amount);
    }

    function _charge(address asset, address account, Credit storage credit, uint256 amount)
        private
    {
        if (block.timestamp < credit.until) {
            uint128 free = uint128(Math.min(amount, credit.amount));
            credit.amount -= free;
            amount -= free;
        }
        if (amount == 0) return;
        Bucket storage bucket = _look(asset);
        uint256 value = valueOf(asset, amount);
        if (value > bucket.level) revert OutflowExceeded(asset, value, bucket.level);
        bucket.level -= uint128(value);
        emit Charged(asset, msg.sender, account, value);
    }

    /// @dev Bring the level up to now.
    function _look(address asset) private returns (Bucket storage bucket) {
        bucket = _bucketOf(asset);
        bucket.level = available(asset);
        bucket.looked = uint64(block.timestamp);
    }

    function _bucketOf(address asset) private view returns (Bucket storage bucket) {
        bucket = _buckets[asset];
        if (!bucket.listed) revert NotListed();
    }

    function _holdingOf(address asset) private view returns (Holding storage holding) {
        holding = _holdings[msg.sender][asset];
        if (!holding.enrolled) revert NotEnrolled();
    }

    function _balance(address asset, address of_) private view returns (uint256) {
        return asset == NATIVE ? of_.balance : IERC20(asset).balanceOf(of_);
    }

    function _limitsAt(Bucket storage bucket, uint256 time) private view returns (Limits memory) {
        (uint256 start, uint256 end) = (bucket.start, bucket.end);
        if (time <= start) return bucket.from;
        if (time >= end) return bucket.to;
        (uint256 part, uint256 whole) = (time - start, end - start);
        (Limits memory a, Limits memory b) = (bucket.from, bucket.to);
        return Limits(
            uint128(a.capacity + (b.capacity - a.capacity) * part / whole),
            uint128(a.rate + (b.rate - a.rate) * part / whole)
        );
    }

    function _narrower(Limits memory a, Limits memory b) private pure returns (Limits memory) {
        return Limits(
            uint128(Math.min(a.capacity, b.capacity)), uint128(Math.min(a.rate, b.rate))
        );
    }

    function _filled(uint128 level, uint256 more, uint128 capacity) private pure returns (uint128) {
        return uint128(Math.min(level + more, capacity));
    }
}
