// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.36;

/// @title A price feed with Chainlink's interface that says what it is told, for the tests
contract ToyFeed {
    int256 private _answer;
    uint256 private _updated;
    bool private _broken;

    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @notice Say this from now on.
    function set(int256 answer, uint256 updated) external {
        (_answer, _updated, _broken) = (answer, updated, false);
        emit AnswerUpdated(answer, 1, updated);
    }

    /// @notice Answer with nothing that can be read, until it is told a price.
    function breakDown() external {
        _broken = true;
    }

    function latestAnswer() external view returns (int256) {
        return _answer;
    }

    function latestRoundData()
        external
        view
        returns (uint80, int256, uint256, uint256, uint80)
    {
        if (_broken) {
            assembly ("memory-safe") {
                return(0, 1)
            }
        }
        return (1, _answer, _updated, _updated, 1);
    }
}
