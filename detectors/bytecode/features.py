"""Numbers that describe what a contract's code does, the same whoever compiled it. Pure.

Counts are taken as ln(1 + n); `…_per_kb` is a density, `…_per_…` the logarithm of a ratio, `no_…`
is 1 where there is none. Nothing here comes from the shape of the code (its stack work, its
checks, its metadata, its revert texts), for that tells the compiler and its year.
"""

import math
from collections.abc import Iterator, Mapping

from detectors.bytecode.reading import ACTS, Reading
from detectors.bytecode.signatures import MOVES, PURPOSES, Purpose, purposes
from runtime.bytecode import code_of, split_creation, without_metadata

SMALLEST = 100
"""Bytes of deployed code below which the creation code is read instead: such a contract does its
work while it is created."""

MOST_CREATION = 8
"""How many times longer than what it deploys a creation may be before it is what is read."""

_SMALLEST_KB = 0.25
_UNTOLD = ("time", "create", "gasprice")
"""Acts that attacks and services do alike: as features they only added noise out of fold."""
_ACTS = (*(act for act in dict.fromkeys(ACTS.values()) if act not in _UNTOLD), "delegate")
_TOKEN: tuple[Purpose, ...] = ("transfer", "pull", "approve", "balance")

_ATTACK = """
    calls calls_per_kb called calls_per_offer called_per_offered addresses addresses_per_kb amounts
    origin origin_per_kb no_log no_hash no_number no_chain no_store destroy destroy_per_kb balance
    balance_per_kb coinbase offers_callback offers_hook calls_loan calls_swap calls_approve
    calls_transfer calls_balance calls_market calls_reserves calls_pull calls_wrap money_calls
    money_kinds money_per_kb called_back called_back_calls bare bare_calls address_calls
    calls_per_hash calls_per_log calls_per_store calls_per_caller unknown_called
    unknown_called_share no_delegate no_codehash calls_per_argument mute_token stateless_token
    nameless_token
"""
_SERVICE = """
    log log_per_kb hash hash_per_kb store store_per_kb number number_per_kb chain chain_per_kb
    standard_share standard_offered offered delegate delegate_per_kb codehash codehash_per_kb
    no_destroy no_origin no_balance state_per_kb offers_loan offers_swap offers_reserves
    unknown_offered caller caller_per_kb arguments arguments_per_offer arguments_per_kb
"""
DIRECTIONS: Mapping[str, int] = dict.fromkeys(_ATTACK.split(), 1) | dict.fromkeys(
    _SERVICE.split(), -1
)
"""Which way a feature may count: 1 only for an attack, -1 only against one; others either way. Said
from what the features mean, so that fifty examples cannot teach the opposite."""

Features = dict[str, float]


def body(init_code: str, runtime_code: str) -> bytes:
    """Return the code that tells what a contract is for: what is deployed, unless there is next to
    nothing of it. The arguments are hexadecimal text; '' or '0x' for what is not known."""
    created, deployed = code_of(init_code), code_of(runtime_code)
    if created and not deployed:
        deployed = split_creation(created)[1]
    deployed = without_metadata(deployed)
    enough = max(SMALLEST, len(created) // MOST_CREATION)
    if len(deployed) < enough and len(created) > len(deployed):
        return without_metadata(created)
    return deployed


def features(found: Reading) -> Features:
    """Return every feature of a contract."""
    kb = max(found.size / 1024, _SMALLEST_KB)
    x: Features = {}
    for act in _ACTS:
        count = found.acts[act]
        x[act] = math.log1p(count)
        x[f"{act}_per_kb"] = math.log1p(count / kb)
        x[f"no_{act}"] = float(count == 0)
    x.update(_interface(found))
    x.update(_outward(found, kb))
    x.update(_joined(found, x, kb))
    return x


def _count(selectors: Mapping[int, int], *wanted: Purpose) -> int:
    known = purposes()
    return sum(
        times
        for selector, times in selectors.items()
        if not known.get(selector, frozenset()).isdisjoint(wanted)
    )


def _unknown(selectors: Mapping[int, int]) -> int:
    return sum(selector not in purposes() for selector in selectors)


def _interface(found: Reading) -> Iterator[tuple[str, float]]:
    offered = dict.fromkeys(found.offered, 1)
    standard = _count(offered, "standard")
    yield "offered", math.log1p(len(offered))
    yield "standard_offered", math.log1p(standard)
    yield "standard_share", standard / (1 + len(offered))
    yield "unknown_offered", math.log1p(_unknown(offered))
    for purpose in PURPOSES:
        if purpose not in ("standard", "market"):
            yield f"offers_{purpose}", float(_count(offered, purpose) > 0)
    yield "arguments", math.log1p(found.arguments)
    yield "arguments_per_offer", _ratio(found.arguments, len(offered))


def _outward(found: Reading, kb: float) -> Iterator[tuple[str, float]]:
    calls, called = found.acts["call"], found.called
    yield "calls", math.log1p(calls)
    yield "calls_per_kb", math.log1p(calls / kb)
    yield "called", math.log1p(len(called))
    yield "unknown_called", math.log1p(_unknown(called))
    yield "unknown_called_share", _unknown(called) / (1 + len(called))
    for purpose in (*MOVES, "reserves"):
        yield f"calls_{purpose}", math.log1p(_count(called, purpose))
    money = _count(called, *MOVES)
    yield "money_calls", math.log1p(money)
    yield "money_per_kb", math.log1p(money / kb)
    yield "money_kinds", float(sum(_count(called, purpose) > 0 for purpose in MOVES))
    yield "addresses", math.log1p(len(found.addresses))
    yield "addresses_per_kb", math.log1p(sum(found.addresses.values()) / kb)
    yield "amounts", math.log1p(found.amounts)


def _joined(found: Reading, x: Features, kb: float) -> Iterator[tuple[str, float]]:
    acts, calls, offered = found.acts, found.acts["call"], len(found.offered)
    yield "calls_per_offer", _ratio(calls, offered)
    yield "called_per_offered", _ratio(len(found.called), offered)
    yield "calls_per_argument", _ratio(calls, found.arguments)
    for act in ("hash", "log", "store", "load", "caller"):
        yield f"calls_per_{act}", _ratio(calls, acts[act])
    yield "arguments_per_kb", math.log1p(found.arguments / kb)
    yield "state_per_kb", math.log1p((acts["hash"] + acts["store"]) / kb)
    bare = float(acts["hash"] == 0 and acts["log"] == 0)
    yield "bare", bare
    yield "bare_calls", bare * x["calls"]
    called_back = max(x["offers_callback"], x["offers_hook"])
    yield "called_back", called_back
    yield "called_back_calls", called_back * x["calls"]
    yield "address_calls", min(x["addresses"], x["calls"])
    token = sum(x[f"offers_{purpose}"] for purpose in _TOKEN)
    yield "token", token
    yield "mute_token", token * x["no_log"]
    yield "stateless_token", token * x["no_hash"]
    yield "nameless_token", token * float(x["standard_offered"] == 0.0)


def _ratio(above: int, below: int) -> float:
    return math.log((1 + above) / (1 + below))
