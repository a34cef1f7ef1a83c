// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title How far and how fast two risk oracles may move a market: the step rule, pure
/// @notice Tightness goes from 0 (as in calm times) to `WHOLE`. Each source wants one, from what it
/// says; the market goes towards the median of the two and `solo`:
///
/// - both want more than `solo`: what the less worried one wants;
/// - both want less: what the more worried one wants;
/// - they disagree about it: `solo`. So one lying source moves a market to `solo` at most, and cannot
///   keep the other from moving it there.
///
/// A source that is stale could want anything, so it neither tightens nor relaxes: it counts as 0 when
/// tightening is asked about, as `WHOLE` when relaxing is. Silent for long, it counts as 0: a dead
/// oracle holds no market tight for ever.
///
/// Each step is bounded, and so is how often; relaxing has to have been wanted for `calmFor` as well.
/// While both are silent that is known without anybody looking, so the steps that nobody took are
/// taken at the next look: a market relaxes as it would have with a look every second.
/// @dev `tests/risk_model.py` is the same rule in Python; a property test holds them together.
library RiskSteps {
    /// @notice Entirely tight; what basis points are of.
    uint16 internal constant WHOLE = 10_000;

    /// @param calm Probability, 8 decimals, up to which a source wants nothing.
    /// @param alarm From which it wants everything; between them proportionally.
    /// @param solo How tight one source may make it without the other.
    /// @param tighten The largest step up.
    /// @param relax The largest step down.
    /// @param tightenEvery Seconds from any step to the next up.
    /// @param relaxEvery Seconds from any step to the next down.
    /// @param calmFor Seconds for which less must have been wanted before a step down.
    /// @param fresh Seconds after which what a source says is stale.
    /// @param silence Seconds after which a source that says nothing fresh counts as 0.
    struct Rule {
        uint32 calm;
        uint32 alarm;
        uint16 solo;
        uint16 tighten;
        uint16 relax;
        uint32 tightenEvery;
        uint32 relaxEvery;
        uint32 calmFor;
        uint32 fresh;
        uint32 silence;
    }

    /// @param tightness What the market is at.
    /// @param steppedAt When it last changed.
    /// @param calmSince Since when less is wanted; 0 where it is not.
    struct State {
        uint16 tightness;
        uint64 steppedAt;
        uint64 calmSince;
    }

    /// @param probability What a source says, 8 decimals.
    /// @param fresh Whether it can be read and is not stale.
    /// @param silentSince When it had said nothing for `silence`; 0 where it has not been so long.
    struct Reading {
        uint32 probability;
        bool fresh;
        uint64 silentSince;
    }

    /// @notice How tight a source that says this wants it.
    function wanted(Rule memory rule, uint32 probability) internal pure returns (uint16) {
        if (probability <= rule.calm) return 0;
        if (probability >= rule.alarm) return WHOLE;
        return uint16(uint256(probability - rule.calm) * WHOLE / (rule.alarm - rule.calm));
    }

    /// @notice Up to where the market should tighten, and down to where it may relax; the first is
    /// never above the second.
    function aims(Rule memory rule, Reading memory a, Reading memory b)
        internal
        pure
        returns (uint16 up, uint16 down)
    {
        (uint16 leastA, uint16 mostA) = _range(rule, a);
        (uint16 leastB, uint16 mostB) = _range(rule, b);
        up = _median(leastA, leastB, rule.solo);
        down = _median(mostA, mostB, rule.solo);
    }

    /// @notice The state after a look at both sources.
    function next(
        Rule memory rule,
        State memory state,
        Reading memory a,
        Reading memory b,
        uint64 time
    ) internal pure returns (State memory) {
        (uint16 up, uint16 down) = aims(rule, a, b);
        uint64 nobody = _nobodySince(a, b);
        if (down >= state.tightness) state.calmSince = 0;
        else if (state.calmSince == 0) state.calmSince = nobody == 0 ? time : nobody;

        if (up > state.tightness && time >= state.steppedAt + rule.tightenEvery) {
            state.tightness = uint16(Math.min(up, uint256(state.tightness) + rule.tighten));
            state.steppedAt = time;
        } else if (down < state.tightness) {
            uint256 from =
                Math.max(state.steppedAt + rule.relaxEvery, state.calmSince + rule.calmFor);
            if (time < from) return state;
            uint256 steps = 1;
            if (nobody != 0) steps += (time - Math.max(from, nobody)) / rule.relaxEvery;
            uint256 least = Math.saturatingSub(state.tightness, steps * rule.relax);
            state.tightness = uint16(Math.max(down, least));
            state.steppedAt = time;
            if (down >= state.tightness) state.calmSince = 0;
        }
        return state;
    }

    /// @dev Since when both are silent; 0 where one is not.
    function _nobodySince(Reading memory a, Reading memory b) private pure returns (uint64) {
        if (a.silentSince == 0 || b.silentSince == 0) return 0;
        return uint64(Math.max(a.silentSince, b.silentSince));
    }

    function _range(Rule memory rule, Reading memory its) private pure returns (uint16, uint16) {
        if (its.fresh) {
            uint16 tight = wanted(rule, its.probability);
            return (tight, tight);
        }
        return (0, its.silentSince != 0 ? 0 : WHOLE);
    }

    function _median(uint16 a, uint16 b, uint16 c) private pure returns (uint16) {
        return uint16(Math.max(Math.min(a, b), Math.min(Math.max(a, b), c)));
    }
}
