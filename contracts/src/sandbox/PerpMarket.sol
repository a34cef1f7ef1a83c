// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {FlagStore} from "../lookalikes/FlaggedMarkets.sol";
import {AggregatorV3Interface} from "../interfaces/AggregatorV3Interface.sol";
import {IAveragedPair, PairAverage} from "./PairAverage.sol";

/// @title One pair of perpetual futures with its margin engine, for the sandbox; ours throughout
/// @notice Traders post margin in a quote token and hold a leveraged position in a base token that
/// is never delivered. Gains are paid from a fund, losses go to it, so each pair's money is its own:
/// margins and fund together are all that it holds.
///
/// Halted is the pair whose two caps on open interest are 0 in the settings (GMX' DataStore, see
/// `FlaggedMarkets`). Then nothing is opened or widened. Everything that saves somebody goes on:
/// closing, adding and removing margin, liquidation, at `price`, which is then the middle one of
/// three: the feed, the average of a Uniswap V2 pair, and an anchor, which is the feed as it was when
/// the two last agreed and from then on follows the average by 1% a minute at most. So whoever bends
/// one of them, in either direction, moves it no faster than that, and a market that really falls
/// is followed.
///
/// @dev THE FLAW: while it is not halted, the price is the feed's alone, as it is on many venues.
/// Whoever bends the feed takes the fund. Never use this contract for real funds.
contract PerpMarket {
    using SafeERC20 for IERC20;
    using PairAverage for PairAverage.Average;
    using SignedMath for int256;

    struct Position {
        /// @dev Of the base, 18 decimals; a short one is negative.
        int256 size;
        uint256 margin;
        /// @dev What the size was bought for, funding paid since included; negative for a short.
        int256 cost;
        /// @dev `funding` as of when it was added to the cost.
        int256 funding;
    }

    uint256 private constant _ONE = 1e18;
    uint256 public constant WHOLE = 10_000;
    /// @notice Margin that it takes to open, and to stay, in basis points of what is held.
    uint256 public constant INITIAL = 1_000;
    uint256 public constant MAINTENANCE = 500;
    /// @notice Of what is opened, to the fund; of what is liquidated, to the liquidator.
    uint256 public constant FEE = 10;
    uint256 public constant REWARD = 100;
    /// @notice What the heavier side pays the lighter one a day, at most.
    uint256 public constant FUNDING_PER_DAY = 100;
    /// @notice How far apart feed and average may lie and agree.
    uint256 public constant AGREEMENT = 300;
    /// @notice By how much the anchor follows the average a minute while halted, if somebody
    /// touches the market in each.
    uint256 public constant DRIFT = 100;

    IERC20 public immutable quote;
    address public immutable base;
    /// @notice Says the quote's smallest units per whole base.
    AggregatorV3Interface public immutable feed;
    IAveragedPair public immutable pair;
    FlagStore public immutable settings;
    bool private immutable _baseIsFirst;

    mapping(address account => Position) public positions;
    mapping(bool isLong => uint256 size) public openInterest;
    /// @notice What gains are paid from, and what bad debt is paid from.
    uint256 public fund;
    /// @notice What a whole base, held long, has paid since the beginning, times 1e18.
    int256 public funding;
    /// @notice The feed when it last agreed with the average, and what became of that.
    uint256 public anchor;
    uint256 private _touchedAt;
    PairAverage.Average public average;

    // Synthetix' events, so that whoever reads those reads these.
    event PositionModified(
        uint256 indexed id,
        address indexed account,
        uint256 margin,
        int256 size,
        int256 tradeSize,
        uint256 lastPrice,
        uint256 fundingIndex,
        uint256 fee,
        int256 skew
    );
    event PositionLiquidated(
        uint256 id, address account, address liquidator, int256 size, uint256 price, uint256 fee
    );
    event FundingRecomputed(
        int256 funding, int256 fundingRate, uint256 index, uint256 timestamp
    );
    event Insured(address indexed by, uint256 amount);
    /// @notice A loss beyond the margin, or a gain beyond the fund: nobody pays it.
    /// Aave V3's event.
    event DeficitCreated(
        address indexed user, address indexed debtAsset, uint256 amountCreated
    );

    error Halted();
    error NoPrice();
    error TooMuchOpenInterest();
    error TooLittleMargin();
    error NotLiquidatable();
    error WrongSize();

    constructor(
        IERC20 quote_,
        address base_,
        AggregatorV3Interface feed_,
        IAveragedPair pair_,
        FlagStore settings_
    ) {
        (quote, base, feed, pair, settings) = (quote_, base_, feed_, pair_, settings_);
        _baseIsFirst = pair_.token0() == base_;
        average.begin(pair_, _baseIsFirst);
        (anchor, _touchedAt) = (average.price, block.timestamp);
    }

    // ------------------------------------------------------------------ what traders do

    /// @notice Open a position or widen it: `delta` above nought is long. Not while halted.
    function increase(int256 delta, uint256 margin) external {
        if (halted()) revert Halted();
        uint256 mark = _touch();
        Position storage position = _settled(msg.sender);
        bool isLong = delta > 0;
        if (delta == 0 || (position.size != 0 && isLong != position.size > 0)) revert WrongSize();

        int256 worth = _worth(delta, mark);
        uint256 fee = worth.abs() * FEE / WHOLE;
        if (position.margin + margin < fee) revert TooLittleMargin();
        position.margin = position.margin + margin - fee;
        position.size += delta;
        position.cost += worth;
        fund += fee;
        openInterest[isLong] += delta.abs();
        if (openInterest[isLong] * mark / _ONE > cap(isLong)) revert TooMuchOpenInterest();
        _require(position, mark, INITIAL);
        _tell(position, delta, mark, fee);
        quote.safeTransferFrom(msg.sender, address(this), margin);
    }

    /// @notice Close a position or part of it; gains are paid out, with the last part the margin.
    function decrease(uint256 size) external {
        uint256 mark = _touch();
        Position storage position = _settled(msg.sender);
        if (size == 0 || size > position.size.abs()) revert WrongSize();
        int256 part = position.size > 0 ? int256(size) : -int256(size);
        uint256 paid = _close(msg.sender, position, part, mark);
        if (position.size != 0) _require(position, mark, MAINTENANCE);
        _tell(position, -part, mark, 0);
        quote.safeTransfer(msg.sender, paid);
    }

    /// @notice Add to one's margin. Never stopped by anything.
    function addMargin(uint256 amount) external {
        uint256 mark = _touch();
        Position storage position = _settled(msg.sender);
        if (position.size == 0) revert WrongSize();
        position.margin += amount;
        _tell(position, 0, mark, 0);
        quote.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @notice Take back margin that it would not need to be opened today.
    function removeMargin(uint256 amount) external {
        uint256 mark = _touch();
        Position storage position = _settled(msg.sender);
        if (amount > position.margin) revert TooLittleMargin();
        position.margin -= amount;
        _require(position, mark, INITIAL);
        _tell(position, 0, mark, 0);
        quote.safeTransfer(msg.sender, amount);
    }

    // ------------------------------------------------------------------ what anybody does

    /// @notice Close what is no longer covered, for a reward; the rest is the owner's. Never
    /// stopped by anything.
    function liquidate(address account) external {
        uint256 mark = _touch();
        Position storage position = _settled(account);
        if (position.size == 0 || _covers(position, mark, MAINTENANCE)) revert NotLiquidatable();
        int256 size = position.size;
        uint256 paid = _close(account, position, size, mark);
        uint256 reward = Math.min(paid, size.abs() * mark / _ONE * REWARD / WHOLE);
        emit PositionLiquidated(_id(account), account, msg.sender, size, mark, reward);
        quote.safeTransfer(msg.sender, reward);
        quote.safeTransfer(account, paid - reward);
    }

    /// @notice Let prices and funding be as of now.
    function touch() external {
        _touch();
    }

    /// @notice Give to the fund.
    function insure(uint256 amount) external {
        fund += amount;
        emit Insured(msg.sender, amount);
        quote.safeTransferFrom(msg.sender, address(this), amount);
    }

    // ------------------------------------------------------------------ what can be seen

    /// @notice The most that may be open on a side, in the quote.
    function cap(bool isLong) public view returns (uint256) {
        bytes32 name = keccak256(abi.encode("MAX_OPEN_INTEREST"));
        return settings.getUint(keccak256(abi.encode(name, address(this), isLong)));
    }

    function halted() public view returns (bool) {
        return cap(true) == 0 && cap(false) == 0;
    }

    /// @notice What a whole base is worth to everybody now, in the quote.
    function price() public view returns (uint256) {
        uint256 told = _told();
        if (halted()) return _middle(told == 0 ? average.price : told, average.price, anchor);
        if (told == 0) revert NoPrice();
        return told;
    }

    /// @notice Whether somebody's position has so much margin, in basis points of what it holds.
    function covers(address account, uint256 part) external view returns (bool) {
        return _covers(positions[account], price(), part);
    }

    // ------------------------------------------------------------------ parts

    /// @dev Let time have passed for prices and funding; return what everybody gets now.
    function _touch() private returns (uint256 mark) {
        average.update(pair, _baseIsFirst);
        uint256 passed = block.timestamp - _touchedAt;
        uint256 told = _told();
        if (told != 0 && _apart(told, average.price) * WHOLE <= average.price * AGREEMENT) {
            anchor = told;
        } else if (halted()) {
            uint256 most = anchor * DRIFT * Math.min(passed, 1 minutes) / (WHOLE * 1 minutes);
            anchor = _middle(average.price, anchor - most, anchor + most);
        }
        mark = price();
        (uint256 longs, uint256 shorts) = (openInterest[true], openInterest[false]);
        int256 rate;
        if (longs + shorts != 0) {
            int256 most = int256(_ONE * FUNDING_PER_DAY / WHOLE);
            rate = most * (int256(longs) - int256(shorts)) / int256(longs + shorts);
        }
        funding += rate * int256(mark * passed) / 1 days;
        emit FundingRecomputed(funding, rate, 0, block.timestamp);
        _touchedAt = block.timestamp;
    }

    /// @dev A position with all funding up to now in its cost.
    function _settled(address account) private returns (Position storage position) {
        position = positions[account];
        position.cost += position.size * (funding - position.funding) / int256(_ONE * _ONE);
        position.funding = funding;
    }

    /// @dev Close a part, of the position's own sign; return what of it is to be paid out.
    function _close(address account, Position storage position, int256 part, uint256 mark)
        private
        returns (uint256 paid)
    {
        int256 cost = position.cost * part / position.size;
        int256 gain = _worth(part, mark) - cost;
        openInterest[part > 0] -= part.abs();
        position.size -= part;
        position.cost -= cost;
        uint256 covered = Math.min(gain.abs(), gain > 0 ? fund : position.margin);
        if (gain > 0) {
            (paid, fund) = (covered, fund - covered);
        } else {
            position.margin -= covered;
            fund += covered;
        }
        if (covered < gain.abs()) {
            emit DeficitCreated(account, address(quote), gain.abs() - covered);
        }
        if (position.size == 0) {
            paid += position.margin;
            delete positions[account];
        }
    }

    function _require(Position storage position, uint256 mark, uint256 part) private view {
        if (!_covers(position, mark, part)) revert TooLittleMargin();
    }

    function _covers(Position storage position, uint256 mark, uint256 part)
        private
        view
        returns (bool)
    {
        int256 worth = _worth(position.size, mark);
        int256 equity = int256(position.margin) + worth - position.cost;
        return equity >= int256(worth.abs() * part / WHOLE);
    }

    function _worth(int256 size, uint256 mark) private pure returns (int256) {
        return size * int256(mark) / int256(_ONE);
    }

    /// @dev What the feed says, 0 where it says nothing of use: a broken feed must not stop those
    /// who close while halted.
    function _told() private view returns (uint256) {
        (bool answered, bytes memory data) =
            address(feed).staticcall(abi.encodeCall(feed.latestRoundData, ()));
        if (!answered || data.length < 160) return 0;
        (, int256 answer) = abi.decode(data, (uint256, int256));
        return answer > 0 && answer < 2 ** 127 ? uint256(answer) : 0;
    }

    function _apart(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : b - a;
    }

    function _middle(uint256 a, uint256 b, uint256 c) private pure returns (uint256) {
        return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    }

    function _id(address account) private pure returns (uint256) {
        return uint160(account);
    }

    function _tell(Position storage position, int256 traded, uint256 mark, uint256 fee) private {
        emit PositionModified(
            _id(msg.sender),
            msg.sender,
            position.margin,
            position.size,
            traded,
            mark,
            0,
            fee,
            int256(openInterest[true]) - int256(openInterest[false])
        );
    }
}
