"""Asset outflow of a protocol, per token and per class of user: net, gross, cumulative, and as a
share of what the protocol holds."""

from collections.abc import Iterator
from typing import ClassVar

from detectors import priors
from detectors.api import Features, Scope, Spec, State
from detectors.baseline import Prior, logarithm
from detectors.cusum import Cusum
from detectors.featured import Family, FeatureDetector, amount, size
from detectors.flows import NOBODY, books
from detectors.holdings import Holdings, crossing
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "asset-outflow"

SHARE = Prior(mean=-5.0, spread=2.0)
"""Of the logarithm of the share of a token's balance that one transaction takes: most take less
than a per cent."""

_SPREAD = priors.size(NAME, "outflow").spread


class AssetOutflow(FeatureDetector):
    """More of a token leaves the protocol than ever before: at once, in many steps, or in
    proportion to what is there."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="2.0.0",
        summary="Outflow of each token: net, gross, by class of user, cumulative, share of TVL.",
        technique="ADT3012",
        made_from=("amounts",),
        warm_up=50,
        false_positives=(
            "a very large depositor leaves",
            "the treasury moves funds to a new version of the protocol",
        ),
        blind_spots=(
            "a token that never left before and of which no balance was seen: no scale is known",
            "a drain slower than the baseline's own memory",
        ),
    )
    families: ClassVar[dict[str, Family]] = {
        "outflow": amount(
            "{times} times the ordinary amount of {member} left the protocol",
            prior=priors.size(NAME, "outflow"),
            floor=1.0,
            unit="smallest units",
        ),
        "course": Family(
            start=lambda first: Cusum(Prior(logarithm(first, 1.0), _SPREAD), 1.0),
            words="the outflow of {member} has been above the ordinary for a while",
            unit="smallest units",
            relative=True,
        ),
        "share": size(
            "{observed} of all {member} seen in the protocol left it, ordinary are {expected}",
            prior=SHARE,
            floor=1e-6,
            unit="share",
        ),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._holdings = Holdings()
        self._own = scope.manifest.holders if scope.manifest else None

    def features(self, tx: Transaction) -> Features:
        """Return per token what left: of the protocol's holders together, or, where no manifest
        tells them, of the address that lost most."""
        if self._own is None:
            return self._largest_losses(tx)
        found: dict[str, float] = {}
        crossed = crossing(tx.flows, self._own)
        user = _user(tx) if crossed else ""
        for token, (came, went) in crossed.items():
            loss = went - came
            found[f"moved:{token}"] = came - went
            if went > 0.0:
                found[f"outflow:{token} (gross)"] = went
            if loss > 0.0:
                found[f"outflow:{token}"] = found[f"course:{token}"] = loss
                found[f"outflow:{token} ({user})"] = loss
                share = self._holdings.share(token, loss)
                if share is not None:
                    found[f"share:{token}"] = share
        return found

    def _largest_losses(self, tx: Transaction) -> Features:
        losses: dict[str, float] = {}
        besides = {tx.sender, NOBODY}
        for address, tokens in books(tx.flows).net.items():
            if address not in besides:
                for token, change in tokens.items():
                    if change < -losses.setdefault(token, 0.0):
                        losses[token] = -change
        return {f"outflow:{token}": loss for token, loss in losses.items() if loss > 0.0}

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these outflows for ordinary; what moved has moved, whatever it weighs."""
        super().learn_one(x, weight)
        for name, change in x.items():
            kind, _, token = name.partition(":")
            if kind == "moved":
                self._holdings.move(token, change)

    def member(self, member: str) -> str:
        """Return the token's symbol."""
        token, _, rest = member.partition(" ")
        return f"{self.scope.symbol(token)} {rest}".strip()

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the largest transfers of the token out of the protocol, with their logs."""
        token = name.partition(":")[2].partition(" ")[0]
        transfers = [log for log in tx.logs if log.contract == token and log.name == "Transfer"]
        leaving = [
            log for log in transfers if self.scope.is_holder(str(log.arguments.get("from", "")))
        ]
        for log in leaving[:8]:
            yield Evidence(what=f"transfer of {self.scope.symbol(token)}", log=log.log)

    def dump(self) -> State:
        """Return the baselines and the balances seen."""
        return super().dump() | {"held": self._holdings.dump()}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._holdings.load(state["held"])


def _user(tx: Transaction) -> str:
    """Return the class of whoever uses the protocol: an account that calls a contract that was
    there before, or one that brings a contract of its own."""
    if tx.created:
        return "by newborns"
    direct = tx.calls and tx.calls[0].depth == 0 and tx.to == tx.calls[0].to
    return "by accounts" if direct or "calls" not in tx.seen else "by contracts"
