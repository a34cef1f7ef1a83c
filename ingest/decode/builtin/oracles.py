"""Oracles: how they tell a new price, and how it is read."""

INTERFACE = """
// Chainlink aggregators
event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);
event NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt);

// Compound's posted prices
event PricePosted(address asset, uint256 previousPriceMantissa, uint256 requestedPriceMantissa,
    uint256 newPriceMantissa);

function latestAnswer();
function latestRoundData();
function latestTimestamp();
function getRoundData(uint80 roundId);
"""
