// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {AggregatorV3Interface} from "./interfaces/AggregatorV3Interface.sol";
import {RiskSteps} from "./RiskSteps.sol";

/// @title What a protocol turns its own limits by: two risk oracles, and bounds on what they can do
/// @notice It knows a tightness, from 0 to 10,000, and moves it by `RiskSteps`, in bounded steps,
/// whenever anyone asks it to: the protocol where it is used, and a keeper in between, which `due`
/// tells when. A protocol makes of it what it likes with `between`: its
/// loan-to-value, a margin, a fee, a cap, each between two ends of its own choosing. So the worst that
/// both oracles together can do is to put each of them at its tight end, and the worst that one can do
/// is `solo` of the way there.
///
/// Never turn a liquidation threshold by it: a borrower who did nothing would be liquidated by an
/// oracle that no market confirms.
///
/// @dev A source that reverts, answers nonsense, burns gas or speaks of the future is stale, and stops
/// nothing. Time is block time.
contract RiskDial is Ownable2Step {
    using RiskSteps for RiskSteps.Rule;

    /// @notice No step up may be larger, nor may one source make it tighter than `MAX_SOLO`.
    uint16 public constant MAX_STEP = 2_500;
    uint16 public constant MAX_SOLO = 5_000;
    /// @notice No two steps may be closer, nor may relaxing be wanted for less, in seconds.
    uint32 public constant MIN_EVERY = 1 minutes;
    uint32 public constant MIN_CALM = 30 minutes;
    /// @notice A source is silent for so long at most before it counts for nothing.
    uint32 public constant MAX_SILENCE = 7 days;
    uint256 private constant _GAS = 100_000;
    uint256 private constant _WORDS = 160;
    uint256 private constant _CERTAIN = 1e8;

    /// @notice The two sources; whoever chooses them has to see to it that they fail apart.
    AggregatorV3Interface public immutable first;
    AggregatorV3Interface public immutable second;

    RiskSteps.Rule private _rule;
    RiskSteps.State private _state;
    /// @notice The newest time that each source was heard to speak of.
    uint64[2] public heard;

    event Turned(uint16 tightness, uint16 up, uint16 down);
    event RuleSet(RiskSteps.Rule rule);

    /// @notice A number of the rule lies outside of what is allowed.
    error OutOfRange();
    /// @notice Both sources are the same contract.
    error OneSource();
    /// @notice Without an owner nobody could change the rule.
    error OwnerRequired();

    constructor(
        address safe,
        AggregatorV3Interface first_,
        AggregatorV3Interface second_,
        RiskSteps.Rule memory rule_
    ) Ownable(safe) {
        if (address(first_) == address(second_)) revert OneSource();
        (first, second) = (first_, second_);
        heard = [uint64(block.timestamp), uint64(block.timestamp)];
        _setRule(rule_);
    }

    // ------------------------------------------------------------------ what anyone may do

    /// @notice Look at both sources and take the step that is due, if one is.
    function turn() external returns (uint16) {
        (RiskSteps.Reading memory a, uint64 heardA) = _look(0);
        (RiskSteps.Reading memory b, uint64 heardB) = _look(1);
        heard = [heardA, heardB];
        uint16 before = _state.tightness;
        RiskSteps.State memory after_ = _rule.next(_state, a, b, uint64(block.timestamp));
        _state = after_;
        if (after_.tightness != before) {
            (uint16 up, uint16 down) = _rule.aims(a, b);
            emit Turned(after_.tightness, up, down);
        }
        return after_.tightness;
    }

    /// @notice Whether a turn is worth its gas now: it would take a step, or calm begins or ends. While
    /// it is tight, also once a source was last heard `fresh` ago or longer and has spoken since, so
    /// that silence is counted from its last word though no step is due for days.
    function due() external view returns (bool) {
        (RiskSteps.Reading memory a, uint64 heardA) = _look(0);
        (RiskSteps.Reading memory b, uint64 heardB) = _look(1);
        RiskSteps.State memory now_ = _state;
        uint16 before = now_.tightness;
        uint64 calm = now_.calmSince;
        RiskSteps.State memory after_ = _rule.next(now_, a, b, uint64(block.timestamp));
        if (after_.tightness != before || after_.calmSince != calm) return true;
        uint64 spoken = uint64(Math.max(heardA - heard[0], heardB - heard[1]));
        return before != 0 && spoken >= _rule.fresh;
    }

    /// @notice How tight it is: 0 to 10,000.
    function tightness() public view returns (uint16) {
        return _state.tightness;
    }

    /// @notice What lies so far between two ends as the market is tight.
    function between(uint256 calm, uint256 tight) external view returns (uint256) {
        uint256 part = tightness();
        return (calm * (RiskSteps.WHOLE - part) + tight * part) / RiskSteps.WHOLE;
    }

    /// @notice All that the next step depends on.
    function state() external view returns (RiskSteps.State memory) {
        return _state;
    }

    /// @notice The rule that steps are taken by.
    function rule() external view returns (RiskSteps.Rule memory) {
        return _rule;
    }

    /// @notice What the rule would make of any state and any readings.
    function stepped(
        RiskSteps.State memory from,
        RiskSteps.Reading memory a,
        RiskSteps.Reading memory b,
        uint64 time
    ) external view returns (RiskSteps.State memory) {
        return _rule.next(from, a, b, time);
    }

    // ------------------------------------------------------------------ what the Safe does

    /// @notice Change the rule; what the market is at stays, until the next step.
    function setRule(RiskSteps.Rule memory rule_) external onlyOwner {
        _setRule(rule_);
    }

    /// @notice Ownership is handed over in two steps and never given up.
    function renounceOwnership() public view override onlyOwner {
        revert OwnerRequired();
    }

    // ------------------------------------------------------------------ parts

    function _look(uint256 which)
        private
        view
        returns (RiskSteps.Reading memory its, uint64 newest)
    {
        (bool readable, uint256 probability, uint256 time) =
            _asked(which == 0 ? first : second);
        newest = heard[which];
        if (readable && time > newest) newest = uint64(time);
        its.fresh = readable && block.timestamp - time <= _rule.fresh;
        if (block.timestamp - newest > _rule.silence) its.silentSince = newest + _rule.silence;
        if (its.fresh) its.probability = uint32(probability);
    }

    /// @dev By hand, because decoding what a hostile feed returns reverts.
    function _asked(AggregatorV3Interface feed)
        private
        view
        returns (bool readable, uint256 probability, uint256 time)
    {
        bytes memory question = abi.encodeCall(AggregatorV3Interface.latestRoundData, ());
        bytes memory answer = new bytes(_WORDS);
        uint256 size;
        assembly ("memory-safe") {
            readable :=
                staticcall(_GAS, feed, add(question, 32), mload(question), add(answer, 32), _WORDS)
            size := returndatasize()
        }
        if (!readable || size < _WORDS) return (false, 0, 0);
        (, probability, time,,) =
            abi.decode(answer, (uint256, uint256, uint256, uint256, uint256));
        readable = probability <= _CERTAIN && time != 0 && time <= block.timestamp;
    }

    function _setRule(RiskSteps.Rule memory its) private {
        if (its.calm >= its.alarm || its.alarm > _CERTAIN) revert OutOfRange();
        if (its.tighten == 0 || its.tighten > MAX_STEP) revert OutOfRange();
        if (its.relax == 0 || its.relax > its.tighten || its.solo > MAX_SOLO) revert OutOfRange();
        if (its.tightenEvery < MIN_EVERY || its.relaxEvery < its.tightenEvery) revert OutOfRange();
        if (its.calmFor < MIN_CALM || its.fresh == 0) revert OutOfRange();
        if (its.silence <= its.fresh || its.silence > MAX_SILENCE) revert OutOfRange();
        _rule = its;
        emit RuleSet(its);
    }
}
