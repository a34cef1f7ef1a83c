// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title What Venus asks its oracle, and the one that bounds deviations, for the tests
contract BoundedOracleLike {
    /// @notice What whole tokens of a market's asset are worth, with 18 decimals, where they have as many.
    mapping(address market => uint256) public getUnderlyingPrice;

    function set(address market, uint256 price) external {
        getUnderlyingPrice[market] = price;
    }

    function getBoundedPricesView(address market) external view returns (uint256, uint256) {
        return (getUnderlyingPrice[market], getUnderlyingPrice[market]);
    }

    function updateProtectionState(address) external {}
}
