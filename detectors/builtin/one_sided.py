"""Value that leaves the protocol while nothing, or too little, comes back."""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from detectors import priors
from detectors.api import Features, Scope, Spec
from detectors.baseline import Prior
from detectors.featured import Family, FeatureDetector, amount
from detectors.flows import NOBODY, books, initiators, together
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "one-sided"
MAX_PARTIES = 32
"""Parties looked at where no manifest names the protocol's own."""
SHARE_RATE = Prior(mean=0.0, spread=0.3)
"""Of the logarithm of what a share is given for: as for the first one, within a third."""


class OneSided(FeatureDetector):
    """The protocol gives and gets nothing, or gives far more for what it gets than it ever did."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.1.0",
        summary="Outflow for nothing; rates of exchange, or of shares for assets, never so bad.",
        technique="ADT3012",
        made_from=("amounts",),
        warm_up=50,
        false_positives=("large withdrawals by honest depositors", "fees and rewards paid out"),
        blind_spots=(
            "an exchange of three or more tokens: no single rate says what it was worth",
            "what comes back is worthless but was never exchanged before",
        ),
    )
    families: ClassVar[dict[str, Family]] = {
        "unpaid": amount(
            "{times} times the ordinary amount of {member} left and nothing came back",
            prior=priors.size("asset-outflow", "outflow"),
            floor=1.0,
            unit="smallest units",
        ),
        "rate": amount(
            "it gave {times} times as much as ordinary for what it got ({member})",
            prior=priors.size("asset-outflow", "outflow"),
            floor=1e-30,
            unit="units out per unit in",
        ),
        "redeemed": amount(
            "{times} times as much as ordinary left for the shares that were burned ({member})",
            prior=SHARE_RATE,
            floor=1e-30,
            unit="units out per share",
        ),
        "issued": amount(
            "{times} times as many shares as ordinary were minted for what came in ({member})",
            prior=SHARE_RATE,
            floor=1e-30,
            unit="shares per unit in",
        ),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._own = scope.manifest.holders if scope.manifest else None
        self._shares = scope.manifest.addresses if scope.manifest else frozenset[str]()

    def features(self, tx: Transaction) -> Features:
        """Return what left without return, and the rate where one token was exchanged for one
        other; of the protocol as a whole, or of each party besides the initiators. Of the protocol
        also what was given for its own shares, and those for what came in."""
        net = books(tx.flows).net
        if self._own is not None:
            tokens = together(net, sorted(self._own & net.keys()))
            rates = _against_supply(tokens, _issued(tx, self._shares))
            # Shares that were never given back before could be anything: they excuse nothing.
            known = rates and any(self._baselines.get(name) is not None for name in rates)
            return rates if known else rates | _told(tokens)
        besides = initiators(tx, frozenset())
        parties = [
            tokens
            for address, tokens in net.items()
            if address not in besides and address != NOBODY
        ]
        found: dict[str, float] = {}
        for tokens in parties[:MAX_PARTIES]:
            for name, value in _told(tokens).items():
                if value >= found.get(name, 0.0):
                    found[name] = value
        return found

    def member(self, member: str) -> str:
        """Return the symbols of the tokens."""
        return " for ".join(self.scope.symbol(token) for token in member.split(">"))

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the largest transfer of the token that left."""
        token = name.partition(":")[2].partition(">")[0]
        logs = [log for log in tx.logs if log.contract == token and log.name == "Transfer"]
        for log in logs[:4]:
            yield Evidence(what=f"transfer of {self.scope.symbol(token)}", log=log.log)


def _issued(tx: Transaction, own: frozenset[str]) -> dict[str, float]:
    """Return by how much the supply of the protocol's own tokens grew or, negative, shrank."""
    grown: dict[str, int] = {}
    for flow in tx.flows:
        if flow.token in own and NOBODY in (flow.sender, flow.to):
            change = int(flow.amount) * ((flow.sender == NOBODY) - (flow.to == NOBODY))
            grown[flow.token] = grown.get(flow.token, 0) + change
    return {token: float(change) for token, change in grown.items() if change}


def _against_supply(tokens: Mapping[str, float], issued: dict[str, float]) -> dict[str, float]:
    """Return what left per share burned, and the shares minted per unit that came in, where one
    kind of share was issued or taken back."""
    if len(issued) != 1:
        return {}
    ((share, grown),) = issued.items()
    found: dict[str, float] = {}
    for token, change in tokens.items():
        if token != share and grown < 0.0 and change < 0.0:
            found[f"redeemed:{token}>{share}"] = change / grown
        elif token != share and grown > 0.0 and change > 0.0:
            found[f"issued:{share}>{token}"] = grown / change
    return found


def _told(tokens: Mapping[str, float]) -> dict[str, float]:
    given: dict[str, float] = {}
    got: dict[str, float] = {}
    for token, change in tokens.items():
        if change < 0.0:
            given[token] = -change
        elif change > 0.0:
            got[token] = change
    if not got:
        return {f"unpaid:{token}": loss for token, loss in given.items()}
    if len(given) == len(got) == 1:
        (left, loss), (came, gain) = *given.items(), *got.items()
        return {f"rate:{left}>{came}": loss / gain}
    return {}
