"""Functions that mean the same wherever they stand: their selectors, by what they are for.

These are public interfaces (ERC standards, exchanges, lending markets, flash lenders). They name
verbs, no contract and no incident.
"""

from functools import cache
from typing import Literal

from eth_hash.auto import keccak

Purpose = Literal[
    "callback",
    "hook",
    "loan",
    "swap",
    "approve",
    "transfer",
    "pull",
    "balance",
    "market",
    "reserves",
    "wrap",
    "standard",
]

MOVES: tuple[Purpose, ...] = (
    "loan",
    "swap",
    "approve",
    "transfer",
    "pull",
    "balance",
    "market",
    "wrap",
)
"""What is done with money, or asked about it, on the way of an attack."""

_SIGNATURES: dict[Purpose, str] = {
    # called by a flash lender or an exchange in the middle of a loan or a swap
    "callback": """
        uniswapV2Call(address,uint256,uint256,bytes) pancakeCall(address,uint256,uint256,bytes)
        BiswapCall(address,uint256,uint256,bytes) waultSwapCall(address,uint256,uint256,bytes)
        babyCall(address,uint256,uint256,bytes) apeCall(address,uint256,uint256,bytes)
        joeCall(address,uint256,uint256,bytes) mdexCall(address,uint256,uint256,bytes)
        swapV2Call(address,uint256,uint256,bytes) jetswapCall(address,uint256,uint256,bytes)
        nomiswapCall(address,uint256,uint256,bytes) elkCall(address,uint256,uint256,bytes)
        croDefiSwapCall(address,uint256,uint256,bytes) cafeCall(address,uint256,uint256,bytes)
        fraxswapCall(address,uint256,uint256,bytes) solidlyCall(address,uint256,uint256,bytes)
        hook(address,uint256,uint256,bytes) thenaCall(address,uint256,uint256,bytes)
        uniswapV3FlashCallback(uint256,uint256,bytes) uniswapV3SwapCallback(int256,int256,bytes)
        uniswapV3MintCallback(uint256,uint256,bytes) pancakeV3SwapCallback(int256,int256,bytes)
        pancakeV3FlashCallback(uint256,uint256,bytes) algebraSwapCallback(int256,int256,bytes)
        algebraFlashCallback(uint256,uint256,bytes) swapCallback(uint256,uint256,bytes)
        executeOperation(address[],uint256[],uint256[],address,bytes)
        executeOperation(address,uint256,uint256,address,bytes)
        executeOperation(address,uint256,uint256,bytes)
        onFlashLoan(address,address,uint256,uint256,bytes)
        onFlashLoan(address,uint256,uint256,bytes)
        receiveFlashLoan(address[],uint256[],uint256[],bytes)
        callFunction(address,(address,uint256),bytes)
        DPPFlashLoanCall(address,uint256,uint256,bytes)
        DVMFlashLoanCall(address,uint256,uint256,bytes)
        DSPFlashLoanCall(address,uint256,uint256,bytes) onMorphoFlashLoan(uint256,bytes)
        unlockCallback(bytes) lockAcquired(bytes) executeOnFlashMint(uint256)
        onDeferredLiquidityCheck(bytes) flashCallback(bytes)
        receiveFlashLoan(address,uint256,uint256,bytes)
        execute(address,uint256,uint256,address,bytes) smardexSwapCallback(int256,int256,bytes)
    """,
    # called by a token that tells its holders
    "hook": """
        tokensReceived(address,address,address,uint256,bytes,bytes)
        tokensToSend(address,address,address,uint256,bytes,bytes)
        tokenFallback(address,uint256,bytes) onTokenTransfer(address,uint256,bytes)
        onERC721Received(address,address,uint256,bytes)
        onTransferReceived(address,address,uint256,bytes)
        onERC1155Received(address,address,uint256,uint256,bytes)
        onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)
    """,
    "loan": """
        flashLoan(address,address[],uint256[],uint256[],address,bytes,uint16)
        flashLoan(address,address,uint256,bytes) flashLoan(uint256,uint256,address,bytes)
        flashLoan(address,address[],uint256[],bytes) flashLoan(address,uint256,bytes)
        flashLoanSimple(address,address,uint256,bytes,uint16) flash(address,uint256,uint256,bytes)
        flashLoan(address,uint256,address,bytes) flashMint(uint256) flashFee(address,uint256)
        executeFlashloan(address,uint256) maxFlashLoan(address) flashBorrow(address,uint256,bytes)
        borrow(address,uint256,bytes) deferLiquidityCheck(address,bytes)
    """,
    "swap": """
        swap(uint256,uint256,address,bytes) swap(address,bool,int256,uint160,bytes)
        swap(uint256,uint256,address) exchange(int128,int128,uint256,uint256)
        exchange_underlying(int128,int128,uint256,uint256)
        exchange(uint256,uint256,uint256,uint256) exchange(uint256,uint256,uint256,uint256,bool)
        exchange(int128,int128,uint256,uint256,address)
        swapExactTokensForTokens(uint256,uint256,address[],address,uint256)
        swapTokensForExactTokens(uint256,uint256,address[],address,uint256)
        swapExactETHForTokens(uint256,address[],address,uint256)
        swapExactTokensForETH(uint256,uint256,address[],address,uint256)
        swapETHForExactTokens(uint256,address[],address,uint256)
        swapExactETHForTokensSupportingFeeOnTransferTokens(uint256,address[],address,uint256)
        exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))
        exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))
        exactInput((bytes,address,uint256,uint256,uint256))
        exactOutputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))
        swapExactAmountIn(address,uint256,address,uint256,uint256) swap(bytes)
        trade(address,uint256) tokenToTokenSwapInput(uint256,uint256,uint256,uint256,address)
        sellBase(address) sellQuote(address) ethToTokenSwapInput(uint256,uint256)
        tokenToEthSwapInput(uint256,uint256,uint256)
        addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)
        addLiquidityETH(address,uint256,uint256,uint256,address,uint256)
        removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)
        removeLiquidityETH(address,uint256,uint256,uint256,address,uint256)
        add_liquidity(uint256[2],uint256) add_liquidity(uint256[3],uint256)
        add_liquidity(uint256[4],uint256) remove_liquidity(uint256,uint256[2])
        remove_liquidity(uint256,uint256[3]) remove_liquidity_one_coin(uint256,int128,uint256)
        remove_liquidity_imbalance(uint256[3],uint256)
        remove_liquidity_imbalance(uint256[4],uint256) joinPool(uint256,uint256[])
        exitPool(uint256,uint256[]) joinswapExternAmountIn(address,uint256,uint256)
        joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))
        exitPool(bytes32,address,address,(address[],uint256[],bytes,bool)) skim(address) sync()
    """,
    "approve": "approve(address,uint256) increaseAllowance(address,uint256)",
    "transfer": "transfer(address,uint256)",
    "pull": "transferFrom(address,address,uint256)",
    "balance": "balanceOf(address)",
    "market": """
        borrow(uint256) redeem(uint256) redeemUnderlying(uint256) mint(uint256) mint()
        repayBorrow(uint256) enterMarkets(address[]) liquidateBorrow(address,uint256,address)
        getAccountLiquidity(address) repayBorrowBehalf(address,uint256)
        borrowBalanceCurrent(address) getCash() exchangeRateStored() exchangeRateCurrent()
        balanceOfUnderlying(address) borrowBalanceStored(address) accrueInterest()
        deposit(address,uint256,address,uint16) withdraw(address,uint256,address)
        borrow(address,uint256,uint256,uint16,address) repay(address,uint256,uint256,address)
        supply(address,uint256,address,uint16)
        liquidationCall(address,address,address,uint256,bool) deposit(uint256) withdraw(uint256)
        deposit(uint256,address) withdraw(uint256,address,address) redeem(uint256,address,address)
        mint(uint256,address) depositAll() withdrawAll() harvest() earn() withdraw() stake(uint256)
        unstake(uint256) exit() getReward() deposit(uint256,uint256) withdraw(uint256,uint256)
        withdraw(address,uint256) deposit(address,uint256) claim() claimRewards()
        emergencyWithdraw(uint256) buy(uint256) sell(uint256) burn(uint256) burn(address)
        getUnderlyingPrice(address) borrow(address,uint256) enterStaking(uint256)
        leaveStaking(uint256) donateToReserves(uint256,uint256)
        liquidate(address,address,uint256,uint256) bond(address,uint256)
        borrow(address,uint256,bool) repay(uint256) borrowAllowed(address,address,uint256)
    """,
    "reserves": """
        getReserves() slot0() get_virtual_price() token0() token1() price0CumulativeLast()
        factory() getPair(address,address) getPool(address,address,uint24)
        getAmountsOut(uint256,address[]) getAmountOut(uint256,uint256,uint256)
        getAmountsIn(uint256,address[]) get_dy(int128,int128,uint256) latestAnswer()
        latestRoundData() getPrice(address) getPoolTokens(bytes32) getSpotPrice(address,address)
        getAssetPrice(address) pairFor(address,address) coins(uint256) balances(uint256)
    """,
    "wrap": "deposit() withdraw(uint256)",
    # what a contract offers that others are meant to use for long
    "standard": """
        name() symbol() decimals() totalSupply() allowance(address,address) owner() admin()
        transferOwnership(address) renounceOwnership() supportsInterface(bytes4) initialize()
        ownerOf(uint256) tokenURI(uint256) getApproved(uint256) setApprovalForAll(address,bool)
        isApprovedForAll(address,address) safeTransferFrom(address,address,uint256)
        safeTransferFrom(address,address,uint256,bytes) balanceOfBatch(address[],uint256[])
        uri(uint256) safeTransferFrom(address,address,uint256,uint256,bytes)
        hasRole(bytes32,address) safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)
        implementation() grantRole(bytes32,address) revokeRole(bytes32,address)
        renounceRole(bytes32,address) getRoleAdmin(bytes32) DEFAULT_ADMIN_ROLE()
        getRoleMember(bytes32,uint256) getRoleMemberCount(bytes32) pause() unpause() paused()
        upgradeTo(address) upgradeToAndCall(address,bytes) proxiableUUID() changeAdmin(address)
        nonces(address) permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
        DOMAIN_SEPARATOR() increaseAllowance(address,uint256) decreaseAllowance(address,uint256)
        multicall(bytes[]) mint(address,uint256) burnFrom(address,uint256) cap() eip712Domain()
        acceptOwnership() pendingOwner() contractURI() royaltyInfo(uint256,uint256)
        delegate(address) delegates(address) getVotes(address) getPastVotes(address,uint256)
        asset() totalAssets() convertToShares(uint256) convertToAssets(uint256) maxDeposit(address)
        previewDeposit(uint256) isTrustedForwarder(address) setOwner(address) getOwner() version()
        granularity() isOperatorFor(address,address) authorizeOperator(address)
        revokeOperator(address) defaultOperators() send(address,uint256,bytes)
        operatorSend(address,address,uint256,bytes,bytes) changeOwner(address) isOwner(address)
        setAdmin(address) newOwner() controller()
    """,
}

_LONG: dict[Purpose, tuple[str, ...]] = {
    "swap": (
        (
            "swapExactTokensForTokensSupportingFeeOnTransferTokens"
            "(uint256,uint256,address[],address,uint256)"
        ),
        (
            "swapExactTokensForETHSupportingFeeOnTransferTokens"
            "(uint256,uint256,address[],address,uint256)"
        ),
        (
            "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool)"
            ",uint256,uint256)"
        ),
        (
            "batchSwap(uint8,(bytes32,uint256,uint256,uint256,bytes)[],address[]"
            ",(address,bool,address,bool),int256[],uint256)"
        ),
    ),
    "loan": (
        (
            "operate((address,uint256)[],(uint8,uint256,(bool,uint8,uint8,uint256)"
            ",uint256,uint256,address,uint256,bytes)[])"
        ),
    ),
}
"""Those that do not fit on a line."""

PURPOSES: tuple[Purpose, ...] = tuple(_SIGNATURES)

_NEVER_CALLED = frozenset({0x4E487B71, 0x08C379A0, 0xFFFFFFFF})
"""Panic(uint256), Error(string) and a mask: four bytes that are no function."""


@cache
def purposes() -> dict[int, frozenset[Purpose]]:
    """Return what each selector is for; the same verb may have several purposes."""
    found: dict[int, set[Purpose]] = {}
    for purpose, text in _SIGNATURES.items():
        for signature in (*text.split(), *_LONG.get(purpose, ())):
            number = int.from_bytes(keccak(signature.encode())[:4], "big")
            found.setdefault(number, set()).add(purpose)
    return {number: frozenset(names) for number, names in found.items()}


def is_function(selector: int) -> bool:
    """Say whether four bytes may be a function's."""
    return selector > 0xFFFF and selector not in _NEVER_CALLED
