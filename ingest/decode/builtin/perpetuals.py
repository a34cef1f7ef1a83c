"""Perpetual futures: GMX V1, Synthetix."""

INTERFACE = """
// GMX V1 vault
event IncreasePosition(bytes32 key, address account, address collateralToken,
    address indexToken, uint256 collateralDelta, uint256 sizeDelta, bool isLong, uint256 price,
    uint256 fee);
event DecreasePosition(bytes32 key, address account, address collateralToken,
    address indexToken, uint256 collateralDelta, uint256 sizeDelta, bool isLong, uint256 price,
    uint256 fee);
event LiquidatePosition(bytes32 key, address account, address collateralToken,
    address indexToken, bool isLong, uint256 size, uint256 collateral, uint256 reserveAmount,
    int256 realisedPnl, uint256 markPrice);
event UpdateFundingRate(address token, uint256 fundingRate);

// Synthetix futures markets
event FundingRecomputed(int256 funding, int256 fundingRate, uint256 index, uint256 timestamp);
event PositionLiquidated(uint256 id, address account, address liquidator, int256 size,
    uint256 price, uint256 fee);
event PositionModified(uint256 indexed id, address indexed account, uint256 margin, int256 size,
    int256 tradeSize, uint256 lastPrice, uint256 fundingIndex, uint256 fee, int256 skew);
"""
