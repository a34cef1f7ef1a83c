"""Exchanges: Uniswap V2 and V3 and their forks, Balancer V1 and V2."""

_FUNDS = "(address sender, bool fromInternalBalance, address recipient, bool toInternalBalance)"
_PATH = "address[] path, address to, uint256 deadline"
_PERMIT = "bool approveMax, uint8 v, bytes32 r, bytes32 s"
_REMOVE_ETH = (
    "address token, uint256 liquidity, uint256 amountTokenMin, uint256 amountETHMin, address to,"
    " uint256 deadline"
)

INTERFACE = f"""
// Uniswap V2 factory and pair
event PairCreated(address indexed token0, address indexed token1, address pair, uint256);
event Mint(address indexed sender, uint256 amount0, uint256 amount1);
event Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to);
event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out,
    uint256 amount1Out, address indexed to);
event Sync(uint112 reserve0, uint112 reserve1);

// Uniswap V3 factory, pool and position manager
event PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee,
    int24 tickSpacing, address pool);
event FeeAmountEnabled(uint24 indexed fee, int24 indexed tickSpacing);
event OwnerChanged(address indexed oldOwner, address indexed newOwner);
event Initialize(uint160 sqrtPriceX96, int24 tick);
event Mint(address sender, address indexed owner, int24 indexed tickLower,
    int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1);
event Collect(address indexed owner, address recipient, int24 indexed tickLower,
    int24 indexed tickUpper, uint128 amount0, uint128 amount1);
event Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper,
    uint128 amount, uint256 amount0, uint256 amount1);
event Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1,
    uint160 sqrtPriceX96, uint128 liquidity, int24 tick);
event Flash(address indexed sender, address indexed recipient, uint256 amount0,
    uint256 amount1, uint256 paid0, uint256 paid1);
event IncreaseObservationCardinalityNext(uint16 observationCardinalityNextOld,
    uint16 observationCardinalityNextNew);
event SetFeeProtocol(uint8 feeProtocol0Old, uint8 feeProtocol1Old, uint8 feeProtocol0New,
    uint8 feeProtocol1New);
event CollectProtocol(address indexed sender, address indexed recipient, uint128 amount0,
    uint128 amount1);
event IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0,
    uint256 amount1);
event DecreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0,
    uint256 amount1);
event Collect(uint256 indexed tokenId, address recipient, uint256 amount0, uint256 amount1);

// Balancer V1 pool and factory
event LOG_SWAP(address indexed caller, address indexed tokenIn, address indexed tokenOut,
    uint256 tokenAmountIn, uint256 tokenAmountOut);
event LOG_JOIN(address indexed caller, address indexed tokenIn, uint256 tokenAmountIn);
event LOG_EXIT(address indexed caller, address indexed tokenOut, uint256 tokenAmountOut);
event LOG_CALL(bytes4 indexed sig, address indexed caller, bytes data) anonymous;
event LOG_NEW_POOL(address indexed caller, address indexed pool);
event LOG_BLABS(address indexed caller, address indexed blabs);

// Balancer V2 vault
event Swap(bytes32 indexed poolId, address indexed tokenIn, address indexed tokenOut,
    uint256 amountIn, uint256 amountOut);
event FlashLoan(address indexed recipient, address indexed token, uint256 amount,
    uint256 feeAmount);
event PoolBalanceChanged(bytes32 indexed poolId, address indexed liquidityProvider,
    address[] tokens, int256[] deltas, uint256[] protocolFeeAmounts);
event PoolBalanceManaged(bytes32 indexed poolId, address indexed assetManager,
    address indexed token, int256 cashDelta, int256 managedDelta);
event InternalBalanceChanged(address indexed user, address indexed token, int256 delta);
event ExternalBalanceTransfer(address indexed token, address indexed sender,
    address recipient, uint256 amount);
event PoolRegistered(bytes32 indexed poolId, address indexed poolAddress,
    uint8 specialization);
event TokensRegistered(bytes32 indexed poolId, address[] tokens, address[] assetManagers);
event TokensDeregistered(bytes32 indexed poolId, address[] tokens);
event RelayerApprovalChanged(address indexed relayer, address indexed sender, bool approved);
event AuthorizerChanged(address indexed newAuthorizer);
event PausedStateChanged(bool paused);

// Uniswap V2 factory, pair and callbacks
function createPair(address tokenA, address tokenB);
function getPair(address tokenA, address tokenB);
function getReserves();
function token0();
function token1();
function factory();
function kLast();
function price0CumulativeLast();
function price1CumulativeLast();
function mint(address to);
function burn(address to);
function swap(uint256 amount0Out, uint256 amount1Out, address to, bytes data);
function skim(address to);
function sync();
function uniswapV2Call(address sender, uint256 amount0, uint256 amount1, bytes data);
function pancakeCall(address sender, uint256 amount0, uint256 amount1, bytes data);

// Uniswap V2 router
function addLiquidity(address tokenA, address tokenB, uint256 amountADesired,
    uint256 amountBDesired, uint256 amountAMin, uint256 amountBMin, address to,
    uint256 deadline);
function addLiquidityETH(address token, uint256 amountTokenDesired, uint256 amountTokenMin,
    uint256 amountETHMin, address to, uint256 deadline);
function removeLiquidity(address tokenA, address tokenB, uint256 liquidity,
    uint256 amountAMin, uint256 amountBMin, address to, uint256 deadline);
function removeLiquidityWithPermit(address tokenA, address tokenB, uint256 liquidity,
    uint256 amountAMin, uint256 amountBMin, address to, uint256 deadline, {_PERMIT});
function removeLiquidityETH({_REMOVE_ETH});
function removeLiquidityETHWithPermit({_REMOVE_ETH}, {_PERMIT});
function removeLiquidityETHSupportingFeeOnTransferTokens({_REMOVE_ETH});
function removeLiquidityETHWithPermitSupportingFeeOnTransferTokens({_REMOVE_ETH}, {_PERMIT});
function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, {_PATH});
function swapTokensForExactTokens(uint256 amountOut, uint256 amountInMax, {_PATH});
function swapExactETHForTokens(uint256 amountOutMin, {_PATH});
function swapTokensForExactETH(uint256 amountOut, uint256 amountInMax, {_PATH});
function swapExactTokensForETH(uint256 amountIn, uint256 amountOutMin, {_PATH});
function swapETHForExactTokens(uint256 amountOut, {_PATH});
function swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256 amountIn,
    uint256 amountOutMin, {_PATH});
function swapExactETHForTokensSupportingFeeOnTransferTokens(uint256 amountOutMin, {_PATH});
function swapExactTokensForETHSupportingFeeOnTransferTokens(uint256 amountIn,
    uint256 amountOutMin, {_PATH});
function getAmountsOut(uint256 amountIn, address[] path);
function getAmountsIn(uint256 amountOut, address[] path);

// Uniswap V3 factory, pool and callbacks
function createPool(address tokenA, address tokenB, uint24 fee);
function initialize(uint160 sqrtPriceX96);
function slot0();
function liquidity();
function observe(uint32[] secondsAgos);
function mint(address recipient, int24 tickLower, int24 tickUpper, uint128 amount,
    bytes data);
function collect(address recipient, int24 tickLower, int24 tickUpper,
    uint128 amount0Requested, uint128 amount1Requested);
function burn(int24 tickLower, int24 tickUpper, uint128 amount);
function swap(address recipient, bool zeroForOne, int256 amountSpecified,
    uint160 sqrtPriceLimitX96, bytes data);
function flash(address recipient, uint256 amount0, uint256 amount1, bytes data);
function uniswapV3SwapCallback(int256 amount0Delta, int256 amount1Delta, bytes data);
function uniswapV3MintCallback(uint256 amount0Owed, uint256 amount1Owed, bytes data);
function uniswapV3FlashCallback(uint256 fee0, uint256 fee1, bytes data);

// Uniswap V3 position manager and router
function mint((address token0, address token1, uint24 fee, int24 tickLower, int24 tickUpper,
    uint256 amount0Desired, uint256 amount1Desired, uint256 amount0Min, uint256 amount1Min,
    address recipient, uint256 deadline) params);
function increaseLiquidity((uint256 tokenId, uint256 amount0Desired, uint256 amount1Desired,
    uint256 amount0Min, uint256 amount1Min, uint256 deadline) params);
function decreaseLiquidity((uint256 tokenId, uint128 liquidity, uint256 amount0Min,
    uint256 amount1Min, uint256 deadline) params);
function collect((uint256 tokenId, address recipient, uint128 amount0Max,
    uint128 amount1Max) params);
function positions(uint256 tokenId);
function exactInputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient,
    uint256 deadline, uint256 amountIn, uint256 amountOutMinimum, uint160 sqrtPriceLimitX96)
    params);
function exactInput((bytes path, address recipient, uint256 deadline, uint256 amountIn,
    uint256 amountOutMinimum) params);
function exactOutputSingle((address tokenIn, address tokenOut, uint24 fee, address recipient,
    uint256 deadline, uint256 amountOut, uint256 amountInMaximum, uint160 sqrtPriceLimitX96)
    params);
function exactOutput((bytes path, address recipient, uint256 deadline, uint256 amountOut,
    uint256 amountInMaximum) params);
function multicall(bytes[] data);
function unwrapWETH9(uint256 amountMinimum, address recipient);
function sweepToken(address token, uint256 amountMinimum, address recipient);
function refundETH();

// Balancer V1 pool
function swapExactAmountIn(address tokenIn, uint256 tokenAmountIn, address tokenOut,
    uint256 minAmountOut, uint256 maxPrice);
function swapExactAmountOut(address tokenIn, uint256 maxAmountIn, address tokenOut,
    uint256 tokenAmountOut, uint256 maxPrice);
function joinPool(uint256 poolAmountOut, uint256[] maxAmountsIn);
function exitPool(uint256 poolAmountIn, uint256[] minAmountsOut);
function joinswapExternAmountIn(address tokenIn, uint256 tokenAmountIn,
    uint256 minPoolAmountOut);
function joinswapPoolAmountOut(address tokenIn, uint256 poolAmountOut, uint256 maxAmountIn);
function exitswapPoolAmountIn(address tokenOut, uint256 poolAmountIn, uint256 minAmountOut);
function exitswapExternAmountOut(address tokenOut, uint256 tokenAmountOut,
    uint256 maxPoolAmountIn);
function gulp(address token);
function bind(address token, uint256 balance, uint256 denorm);
function rebind(address token, uint256 balance, uint256 denorm);
function unbind(address token);
function setSwapFee(uint256 swapFee);
function finalize();

// Balancer V2 vault and its flash borrowers
function swap((bytes32 poolId, uint8 kind, address assetIn, address assetOut, uint256 amount,
    bytes userData) singleSwap, {_FUNDS} funds, uint256 limit, uint256 deadline);
function batchSwap(uint8 kind, (bytes32 poolId, uint256 assetInIndex, uint256 assetOutIndex,
    uint256 amount, bytes userData)[] swaps, address[] assets, {_FUNDS} funds,
    int256[] limits, uint256 deadline);
function joinPool(bytes32 poolId, address sender, address recipient, (address[] assets,
    uint256[] maxAmountsIn, bytes userData, bool fromInternalBalance) request);
function exitPool(bytes32 poolId, address sender, address recipient, (address[] assets,
    uint256[] minAmountsOut, bytes userData, bool toInternalBalance) request);
function manageUserBalance((uint8 kind, address asset, uint256 amount, address sender,
    address recipient)[] ops);
function flashLoan(address recipient, address[] tokens, uint256[] amounts, bytes userData);
function receiveFlashLoan(address[] tokens, uint256[] amounts, uint256[] feeAmounts,
    bytes userData);
function setPaused(bool paused);
"""
