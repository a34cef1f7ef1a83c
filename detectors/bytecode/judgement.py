"""What is thought of one contract's code, with the reasons in words. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from detectors.bytecode import model
from detectors.bytecode.features import SMALLEST, Features, body, features
from detectors.bytecode.reading import read
from schemas.alerts import Reason
from schemas.naming import named_addresses

TOLD = 5
"""Features told at most."""

_PLAIN = {
    "called_back": "it can be called back in the middle of a loan, a swap or a transfer",
    "mute_token": "it offers a token's functions but never logs",
    "stateless_token": "it offers a token's functions but keeps no balances",
    "nameless_token": "it offers a token's functions but has no name or supply",
    "bare": "it keeps no balances of anybody and logs nothing",
    "no_log": "it logs nothing",
    "no_hash": "it keeps nothing by name or holder",
    "no_store": "it stores nothing",
    "origin": "it looks at who sent the transaction, not at who calls",
    "destroy": "it can destroy itself",
    "coinbase": "it looks at, or pays, whoever makes the block",
    "amounts": "round amounts of money are written into it",
    "addresses": "addresses of others are written into it",
    "calls": "it calls others often",
    "called": "it calls many different functions of others",
    "money": "it moves, borrows, swaps or counts money",
    "address_calls": "it calls what is written into it",
    "offers_callback": "it offers what a flash lender or an exchange calls back",
    "offers_hook": "it offers what a token calls on its holders",
    "calls_loan": "it takes flash loans",
    "calls_swap": "it swaps on exchanges",
    "calls_approve": "it approves others to take its tokens",
    "calls_transfer": "it transfers tokens",
    "calls_pull": "it pulls tokens from others",
    "calls_balance": "it counts balances of tokens",
    "calls_market": "it deposits, borrows, redeems or mints elsewhere",
    "calls_reserves": "it reads prices and reserves of pools",
    "calls_wrap": "it wraps and unwraps the chain's coin",
    "balance": "it counts what accounts hold of the chain's coin",
    "load": "it reads its storage more often than others of its size",
    "unknown_called": "it calls functions that are in no common interface",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much a contract's code looks like an attack's."""

    score: float
    """Log-odds, in nats."""
    p_value: float
    """The share of services that look at least as much like one; 1 for code too small to judge."""
    x: Features
    names: frozenset[str]
    """Addresses that may be written into the code, see `schemas.naming`."""

    def named(self, watched: Iterable[str]) -> list[str]:
        """Return which of these addresses are written into the code."""
        return sorted(self.names.intersection(watched))

    def reasons(self) -> tuple[Reason, ...]:
        """Return what in the code speaks for an attack, the most telling first."""
        return tuple(self._told())

    def _told(self) -> Iterator[Reason]:
        shipped, told = model.shipped(), set[str]()
        for name, nats in shipped.contributions(self.x):
            text = _words(name)
            if nats <= 0.0 or len(told) == TOLD:
                return
            if text and text not in told and self._seen(name):
                told.add(text)
                yield Reason(
                    feature=name,
                    observed=self.x[name],
                    expected=shipped.means[shipped.names.index(name)],
                    distance=nats,
                    unit="nats",
                    text=text,
                )

    def _seen(self, name: str) -> bool:
        """Say whether the feature stands for something that is there."""
        return self.x[name] > 0.0


def _words(name: str) -> str:
    for ending in ("_per_kb", "_per_offer", "_per_offered", "_calls", "_kinds", "_share"):
        if name not in _PLAIN and name.endswith(ending):
            return _words(name.removesuffix(ending))
    return _PLAIN.get(name, "")


def judge(init_code: str, runtime_code: str) -> Judgement:
    """Judge a contract by its code, in hexadecimal text; '' or '0x' for what is not known.

    Takes time in proportion to the code, of which `runtime.bytecode.MAX_BYTES` are read. Of less
    than `SMALLEST` bytes nothing is thought: a forwarder's code is elsewhere, and on such the model
    was never measured.
    """
    code = body(init_code, runtime_code)
    x = features(read(code))
    shipped = model.shipped()
    score = shipped.score(x)
    p_value = shipped.p_value(score) if len(code) >= SMALLEST else 1.0
    names = named_addresses(init_code) | named_addresses(runtime_code)
    return Judgement(score, p_value, x, frozenset(names))
