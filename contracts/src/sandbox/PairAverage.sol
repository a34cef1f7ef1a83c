// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

import {IUniswapV2Pair} from "./UniswapV2.sol";

/// @title What a Uniswap V2 pair adds up for those who want averages (whitepaper, 2.2)
interface IAveragedPair is IUniswapV2Pair {
    function price0CumulativeLast() external view returns (uint256);
    function price1CumulativeLast() external view returns (uint256);
}

/// @title The price of a Uniswap V2 pair, averaged over at least `WINDOW` seconds
/// @notice Bending the pair for one block of 12 seconds moves the average by 4% of the bend; it lags by
/// two windows at most, if it is updated once in each.
library PairAverage {
    struct Average {
        uint256 cumulative;
        uint256 since;
        /// @dev Smallest units of the other token per 1e18 of the base.
        uint256 price;
    }

    uint256 internal constant WINDOW = 5 minutes;

    /// @dev Begin with what the pair says now: deploy while nobody bends it.
    function begin(Average storage self, IAveragedPair pair, bool baseIsFirst) internal {
        (uint256 ofBase, uint256 ofQuote,) = _reserves(pair, baseIsFirst);
        self.cumulative = _cumulative(pair, baseIsFirst);
        self.since = block.timestamp;
        self.price = ofQuote * 1e18 / ofBase;
    }

    /// @dev Take the average since the last one, if the window has passed.
    function update(Average storage self, IAveragedPair pair, bool baseIsFirst) internal {
        uint256 passed = block.timestamp - self.since;
        if (passed < WINDOW) return;
        uint256 cumulative = _cumulative(pair, baseIsFirst);
        unchecked {
            // The pair's sum is meant to overflow; differences stay right.
            self.price = (cumulative - self.cumulative) / passed * 1e18 >> 112;
        }
        (self.cumulative, self.since) = (cumulative, block.timestamp);
    }

    function _cumulative(IAveragedPair pair, bool baseIsFirst) private view returns (uint256 sum) {
        (uint256 ofBase, uint256 ofQuote, uint32 last) = _reserves(pair, baseIsFirst);
        sum = baseIsFirst ? pair.price0CumulativeLast() : pair.price1CumulativeLast();
        unchecked {
            // As the pair does it: seconds modulo 2^32, a fixed point after 112 bits.
            sum += (ofQuote << 112) / ofBase * (uint32(block.timestamp) - last);
        }
    }

    function _reserves(IAveragedPair pair, bool baseIsFirst)
        private
        view
        returns (uint256 ofBase, uint256 ofQuote, uint32 last)
    {
        (uint112 reserve0, uint112 reserve1, uint32 moment) = pair.getReserves();
        return baseIsFirst ? (reserve0, reserve1, moment) : (reserve1, reserve0, moment);
    }
}
