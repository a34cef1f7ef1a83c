"""Lending: Aave V2 and V3 pools, Compound V2 and its forks, dYdX Solo, ERC-3156 flash loans."""

_UPDATE = "((bool sign, uint256 value) deltaWei, (bool sign, uint128 value) newPar)"
_RATES = (
    "uint256 liquidityRate, uint256 stableBorrowRate, uint256 variableBorrowRate,"
    " uint256 liquidityIndex, uint256 variableBorrowIndex"
)

INTERFACE = f"""
// Aave V2 and V3 pool
event Deposit(address indexed reserve, address user, address indexed onBehalfOf,
    uint256 amount, uint16 indexed referral);
event Supply(address indexed reserve, address user, address indexed onBehalfOf,
    uint256 amount, uint16 indexed referralCode);
event Withdraw(address indexed reserve, address indexed user, address indexed to,
    uint256 amount);
event Borrow(address indexed reserve, address user, address indexed onBehalfOf,
    uint256 amount, uint256 borrowRateMode, uint256 borrowRate, uint16 indexed referral);
event Borrow(address indexed reserve, address user, address indexed onBehalfOf,
    uint256 amount, uint8 interestRateMode, uint256 borrowRate, uint16 indexed referralCode);
event Repay(address indexed reserve, address indexed user, address indexed repayer,
    uint256 amount);
event Repay(address indexed reserve, address indexed user, address indexed repayer,
    uint256 amount, bool useATokens);
event LiquidationCall(address indexed collateralAsset, address indexed debtAsset,
    address indexed user, uint256 debtToCover, uint256 liquidatedCollateralAmount,
    address liquidator, bool receiveAToken);
event FlashLoan(address indexed target, address indexed initiator, address indexed asset,
    uint256 amount, uint256 premium, uint16 referralCode);
event FlashLoan(address indexed target, address initiator, address indexed asset,
    uint256 amount, uint8 interestRateMode, uint256 premium, uint16 indexed referralCode);
event ReserveDataUpdated(address indexed reserve, {_RATES});
event ReserveUsedAsCollateralEnabled(address indexed reserve, address indexed user);
event ReserveUsedAsCollateralDisabled(address indexed reserve, address indexed user);
event RebalanceStableBorrowRate(address indexed reserve, address indexed user);
event Swap(address indexed reserve, address indexed user, uint256 rateMode);
event SwapBorrowRateMode(address indexed reserve, address indexed user,
    uint8 interestRateMode);
event MintUnbacked(address indexed reserve, address user, address indexed onBehalfOf,
    uint256 amount, uint16 indexed referralCode);
event BackUnbacked(address indexed reserve, address indexed backer, uint256 amount,
    uint256 fee);
event IsolationModeTotalDebtUpdated(address indexed asset, uint256 totalDebt);
event UserEModeSet(address indexed user, uint8 categoryId);
event DeficitCreated(address indexed user, address indexed debtAsset, uint256 amountCreated);
event MintedToTreasury(address indexed reserve, uint256 amountMinted);
event Paused();
event Unpaused();

// Aave V3 configurator and aTokens
event ReservePaused(address indexed asset, bool paused);
event ReserveFrozen(address indexed asset, bool frozen);
event Mint(address indexed caller, address indexed onBehalfOf, uint256 value,
    uint256 balanceIncrease, uint256 index);
event Burn(address indexed from, address indexed target, uint256 value,
    uint256 balanceIncrease, uint256 index);
event BalanceTransfer(address indexed from, address indexed to, uint256 value, uint256 index);

// Compound V2 cToken
event AccrueInterest(uint256 interestAccumulated, uint256 borrowIndex, uint256 totalBorrows);
event AccrueInterest(uint256 cashPrior, uint256 interestAccumulated, uint256 borrowIndex,
    uint256 totalBorrows);
event Mint(address minter, uint256 mintAmount, uint256 mintTokens);
event Mint(address minter, uint256 mintAmount, uint256 mintTokens, uint256 totalSupply);
event MintBehalf(address payer, address receiver, uint256 mintAmount, uint256 mintTokens,
    uint256 totalSupply);
event Redeem(address redeemer, uint256 redeemAmount, uint256 redeemTokens);
event Redeem(address redeemer, uint256 redeemAmount, uint256 redeemTokens, uint256 totalSupply);
event Borrow(address borrower, uint256 borrowAmount, uint256 accountBorrows,
    uint256 totalBorrows);
event RepayBorrow(address payer, address borrower, uint256 repayAmount,
    uint256 accountBorrows, uint256 totalBorrows);
event LiquidateBorrow(address liquidator, address borrower, uint256 repayAmount,
    address cTokenCollateral, uint256 seizeTokens);
event ReservesAdded(address benefactor, uint256 addAmount, uint256 newTotalReserves);
event ReservesReduced(address admin, uint256 reduceAmount, uint256 newTotalReserves);
event NewComptroller(address oldComptroller, address newComptroller);
event NewMarketInterestRateModel(address oldInterestRateModel, address newInterestRateModel);
event NewReserveFactor(uint256 oldReserveFactorMantissa, uint256 newReserveFactorMantissa);
event NewPendingAdmin(address oldPendingAdmin, address newPendingAdmin);
event NewAdmin(address oldAdmin, address newAdmin);
event NewImplementation(address oldImplementation, address newImplementation);
event Failure(uint256 error, uint256 info, uint256 detail);

// Compound V2 Comptroller
event MarketListed(address cToken);
event MarketEntered(address cToken, address account);
event MarketExited(address cToken, address account);
event NewCloseFactor(uint256 oldCloseFactorMantissa, uint256 newCloseFactorMantissa);
event NewCollateralFactor(address cToken, uint256 oldCollateralFactorMantissa,
    uint256 newCollateralFactorMantissa);
event NewLiquidationIncentive(uint256 oldLiquidationIncentiveMantissa,
    uint256 newLiquidationIncentiveMantissa);
event NewPriceOracle(address oldPriceOracle, address newPriceOracle);
event NewPauseGuardian(address oldPauseGuardian, address newPauseGuardian);
event ActionPaused(string action, bool pauseState);
event ActionPaused(address cToken, string action, bool pauseState);
event NewBorrowCap(address indexed cToken, uint256 newBorrowCap);
event DistributedSupplierComp(address indexed cToken, address indexed supplier,
    uint256 compDelta, uint256 compSupplyIndex);
event DistributedBorrowerComp(address indexed cToken, address indexed borrower,
    uint256 compDelta, uint256 compBorrowIndex);

// dYdX Solo
event LogIndexUpdate(uint256 indexed market,
    (uint96 borrow, uint96 supply, uint32 lastUpdate) index);
event LogOperation(address sender);
event LogDeposit(address indexed accountOwner, uint256 accountNumber, uint256 market,
    {_UPDATE} update, address from);
event LogWithdraw(address indexed accountOwner, uint256 accountNumber, uint256 market,
    {_UPDATE} update, address to);
event LogTransfer(address indexed accountOneOwner, uint256 accountOneNumber,
    address indexed accountTwoOwner, uint256 accountTwoNumber, uint256 market,
    {_UPDATE} updateOne, {_UPDATE} updateTwo);
event LogBuy(address indexed accountOwner, uint256 accountNumber, uint256 takerMarket,
    uint256 makerMarket, {_UPDATE} takerUpdate, {_UPDATE} makerUpdate,
    address exchangeWrapper);
event LogSell(address indexed accountOwner, uint256 accountNumber, uint256 takerMarket,
    uint256 makerMarket, {_UPDATE} takerUpdate, {_UPDATE} makerUpdate,
    address exchangeWrapper);
event LogTrade(address indexed takerAccountOwner, uint256 takerAccountNumber,
    address indexed makerAccountOwner, uint256 makerAccountNumber, uint256 inputMarket,
    uint256 outputMarket, {_UPDATE} takerInputUpdate, {_UPDATE} takerOutputUpdate,
    {_UPDATE} makerInputUpdate, {_UPDATE} makerOutputUpdate, address autoTrader);
event LogCall(address indexed accountOwner, uint256 accountNumber, address callee);
event LogLiquidate(address indexed solidAccountOwner, uint256 solidAccountNumber,
    address indexed liquidAccountOwner, uint256 liquidAccountNumber, uint256 heldMarket,
    uint256 owedMarket, {_UPDATE} solidHeldUpdate, {_UPDATE} solidOwedUpdate,
    {_UPDATE} liquidHeldUpdate, {_UPDATE} liquidOwedUpdate);
event LogVaporize(address indexed solidAccountOwner, uint256 solidAccountNumber,
    address indexed vaporAccountOwner, uint256 vaporAccountNumber, uint256 heldMarket,
    uint256 owedMarket, {_UPDATE} solidHeldUpdate, {_UPDATE} solidOwedUpdate,
    {_UPDATE} vaporOwedUpdate);

// Aave V2 and V3 pool, configurator and flash borrowers
function deposit(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode);
function withdraw(address asset, uint256 amount, address to);
function borrow(address asset, uint256 amount, uint256 interestRateMode,
    uint16 referralCode, address onBehalfOf);
function repay(address asset, uint256 amount, uint256 interestRateMode, address onBehalfOf);
function swapBorrowRateMode(address asset, uint256 interestRateMode);
function rebalanceStableBorrowRate(address asset, address user);
function setUserUseReserveAsCollateral(address asset, bool useAsCollateral);
function setUserEMode(uint8 categoryId);
function liquidationCall(address collateralAsset, address debtAsset, address user,
    uint256 debtToCover, bool receiveAToken);
function flashLoan(address receiverAddress, address[] assets, uint256[] amounts,
    uint256[] interestRateModes, address onBehalfOf, bytes params, uint16 referralCode);
function flashLoanSimple(address receiverAddress, address asset, uint256 amount,
    bytes params, uint16 referralCode);
function executeOperation(address[] assets, uint256[] amounts, uint256[] premiums,
    address initiator, bytes params);
function executeOperation(address asset, uint256 amount, uint256 premium, address initiator,
    bytes params);
function mintToTreasury(address[] assets);
function getReserveData(address asset);
function getUserAccountData(address user);
function getAssetPrice(address asset);
function setPause(bool val);
function setPoolPause(bool paused);
function setReservePause(address asset, bool paused);
function setReserveFreeze(address asset, bool freeze);

// Compound V2 cToken, Comptroller and price oracle
function mint(uint256 mintAmount);
function mint();
function redeem(uint256 redeemTokens);
function redeemUnderlying(uint256 redeemAmount);
function borrow(uint256 borrowAmount);
function repayBorrow(uint256 repayAmount);
function repayBorrow();
function repayBorrowBehalf(address borrower, uint256 repayAmount);
function repayBorrowBehalf(address borrower);
function liquidateBorrow(address borrower, uint256 repayAmount, address cTokenCollateral);
function liquidateBorrow(address borrower, address cTokenCollateral);
function seize(address liquidator, address borrower, uint256 seizeTokens);
function accrueInterest();
function exchangeRateCurrent();
function exchangeRateStored();
function balanceOfUnderlying(address owner);
function borrowBalanceCurrent(address account);
function borrowBalanceStored(address account);
function getAccountSnapshot(address account);
function getCash();
function enterMarkets(address[] cTokens);
function exitMarket(address cToken);
function claimComp(address holder);
function getAccountLiquidity(address account);
function getUnderlyingPrice(address cToken);
function mintAllowed(address cToken, address minter, uint256 mintAmount);
function redeemAllowed(address cToken, address redeemer, uint256 redeemTokens);
function borrowAllowed(address cToken, address borrower, uint256 borrowAmount);
function repayBorrowAllowed(address cToken, address payer, address borrower,
    uint256 repayAmount);
function liquidateBorrowAllowed(address cTokenBorrowed, address cTokenCollateral,
    address liquidator, address borrower, uint256 repayAmount);
function seizeAllowed(address cTokenCollateral, address cTokenBorrowed, address liquidator,
    address borrower, uint256 seizeTokens);
function transferAllowed(address cToken, address src, address dst, uint256 transferTokens);
function _setPriceOracle(address newOracle);
function _setCollateralFactor(address cToken, uint256 newCollateralFactorMantissa);
function _setMintPaused(address cToken, bool state);
function _setBorrowPaused(address cToken, bool state);
function _setTransferPaused(bool state);
function _setSeizePaused(bool state);

// dYdX Solo and its flash borrowers
function operate((address owner, uint256 number)[] accounts, (uint8 actionType,
    uint256 accountId, (bool sign, uint8 denomination, uint8 ref, uint256 value) amount,
    uint256 primaryMarketId, uint256 secondaryMarketId, address otherAddress,
    uint256 otherAccountId, bytes data)[] actions);
function callFunction(address sender, (address owner, uint256 number) accountInfo,
    bytes data);

// ERC-3156
function flashLoan(address receiver, address token, uint256 amount, bytes data);
function onFlashLoan(address initiator, address token, uint256 amount, uint256 fee,
    bytes data);
function maxFlashLoan(address token);
function flashFee(address token, uint256 amount);
"""
