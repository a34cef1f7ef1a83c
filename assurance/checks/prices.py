"""Whether what a contract decides rests on a price that one transaction can bend.

A spot price is what a pool holds or quotes at this moment (`getReserves`, `slot0` and the like), or
what a price function makes of balances. Followed through fixed and stored addresses, proxies and
libraries; averages over time and feeds are none. Pairs and routers trade at the spot price, which
is their business.
"""

from collections.abc import Iterator

from assurance.checks.assets import moving
from assurance.selectors import selectors
from assurance.subject import Subject
from assurance.weakness import Weakness

SPOT = selectors("""
    getReserves() slot0() globalState() getSlot0(bytes32) get_dy(int128,int128,uint256)
    get_dy(uint256,uint256,uint256) calc_withdraw_one_coin(uint256,int128)
    getAmountsOut(uint256,address[]) getAmountOut(uint256,uint256,uint256)
    getAmountsIn(uint256,address[]) getAmountIn(uint256,uint256,uint256) getPoolTokens(bytes32)
    getSpotPrice(address,address) getBalance(address) balances(uint256) balances(int128)
    quote(uint256,uint256,uint256) quoteExactInputSingle(address,address,uint24,uint256,uint160)
    getReserve0() getReserve1() reserve0() reserve1() getRate() getPriceFromPool()
""")
_BALANCE = selectors("balanceOf(address)")
PRICES = selectors("""
    price() getPrice() getPrice(address) getPrice(address,address) latestAnswer() latestRoundData()
    getAssetPrice(address) getUnderlyingPrice(address) assetPrice(address) tokenPrice() spotPrice()
    getSpotPrice() getSpotPrice(address) priceOf(address) getTokenPrice(address) consult(address)
    getRate() exchangeRate() getExchangeRate() getVirtualPrice() get_virtual_price() peek() read()
    quote(uint256) quote(address,uint256) getLatestPrice() getLatestPrice(address) fetchPrice()
""")

TRADERS = ("pair", "router")


def weaknesses(subject: Subject) -> Iterator[Weakness]:
    """Return the functions whose outcome rests on a spot price: one weakness for all of them."""
    if subject.role in TRADERS:
        return
    found, grave = {}, False
    moves = {move.function for move in moving(subject)}
    for function, name in subject.functions.items():
        told = _spot(subject, function)
        if told:
            found[name] = told
            grave = grave or function in moves
    if found:
        names = tuple(sorted(found))
        yield Weakness(
            "spot-price",
            "high" if grave else "medium",
            f"{', '.join(names[:6])}{' and more' if len(names) > 6 else ''} "
            f"{'rest' if len(names) > 1 else 'rests'} on a price that one transaction can bend",
            evidence=tuple(f"{name}: {found[name]}" for name in names),
            names=names,
        )


def _spot(subject: Subject, function: int) -> str:
    """Say how a function comes to a spot price, '' if it does not."""
    balances = ""
    for reached in subject.reached(function):
        act = reached.act
        if act.kind not in ("call", "static call"):
            continue
        way = "".join(f", through {there}" for there in reached.path)
        if act.called in SPOT:
            return f"asks {SPOT[act.called]}{way}"
        if act.called in _BALANCE and act.kind == "static call":
            balances = f"makes a price of balanceOf{way}"
    return balances if function in PRICES else ""
