// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @notice What a protocol's risk feed says beyond the one number of a price feed's interface.
interface IRiskReport {
    /// @param round Grows with each report.
    /// @param observedAt Time of the block that it is about.
    /// @param horizon Seconds from then that probability, losses and price are about.
    /// @param probability Of an incident within the horizon, 8 decimals.
    /// @param probabilityHigh The upper end of its interval, 8 decimals.
    /// @param exposure What is held, in whole units of the manifest's currency.
    /// @param expectedLoss Within the horizon, in the same.
    /// @param tailLoss Expected shortfall of the loss within the horizon, in the same.
    /// @param coverRate Suggested price of cover for the horizon, per unit of cover, 8 decimals.
    /// @param malConsumed Share of the maximum allowable loss that is lost, 8 decimals; may exceed 1.
    /// @param standing 0 calm, 1 alerted, 2 braked, 3 recovering.
    /// @param record The id of the record on `risk-v1` that all of this is from.
    struct Report {
        uint80 round;
        uint64 observedAt;
        uint32 horizon;
        uint32 probability;
        uint32 probabilityHigh;
        uint128 exposure;
        uint128 expectedLoss;
        uint128 tailLoss;
        uint64 coverRate;
        uint64 malConsumed;
        uint8 standing;
        bytes32 record;
    }

    /// @notice Which protocol this is about: the hash of its name on every topic.
    function protocol() external view returns (bytes32);

    /// @notice All of the latest report; zeros before the first.
    function latestReport() external view returns (Report memory);
}
