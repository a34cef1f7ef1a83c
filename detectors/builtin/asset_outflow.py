"""Net asset outflow of a protocol, per token, against its own online baseline."""

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from detectors import priors
from detectors.api import Features, Spec
from detectors.featured import Family, FeatureDetector, amount
from detectors.flows import NOBODY, net_flows
from schemas.alerts import Evidence
from schemas.chain import Transaction

NAME = "asset-outflow"


class AssetOutflow(FeatureDetector):
    """More of a token leaves the protocol in one transaction than ever before."""

    spec: ClassVar[Spec] = Spec(
        name=NAME,
        version="1.0.0",
        summary="Net outflow of each token from the protocol against that token's history.",
        technique="ADT3012",
        warm_up=50,
        false_positives=(
            "a very large depositor leaves",
            "the treasury moves funds to a new version of the protocol",
        ),
        blind_spots=(
            "a drain in many transactions of ordinary size",
            "a token that never left the protocol before: its scale is unknown",
        ),
    )
    families: ClassVar[dict[str, Family]] = {
        "outflow": amount(
            "{times} times the ordinary amount of {member} left the protocol",
            prior=priors.size(NAME, "outflow"),
            floor=1.0,
            unit="smallest units",
        ),
    }

    def features(self, tx: Transaction) -> Features:
        """Return per token the net amount that left: of the protocol's holders together, or, where
        no manifest tells them, of the address that lost most."""
        net = net_flows(tx.flows)
        if self.scope.manifest is None:
            losses: dict[str, float] = defaultdict(float)
            for address, tokens in net.items():
                if address in (tx.sender, NOBODY):
                    continue
                for token, amount in tokens.items():
                    losses[token] = max(losses[token], -amount)
        else:
            losses = defaultdict(float)
            for address in self.scope.manifest.holders & net.keys():
                for token, amount in net[address].items():
                    losses[token] -= amount
        return {f"outflow:{token}": loss for token, loss in losses.items() if loss > 0.0}

    def member(self, member: str) -> str:
        """Return the token's symbol."""
        return self.scope.symbol(member)

    def evidence(self, name: str, tx: Transaction) -> Iterator[Evidence]:
        """Yield the largest transfers of the token out of the protocol, with their logs."""
        token = name.partition(":")[2]
        transfers = [log for log in tx.logs if log.contract == token and log.name == "Transfer"]
        leaving = [
            log for log in transfers if self.scope.is_holder(str(log.arguments.get("from", "")))
        ]
        for log in leaving[:8]:
            yield Evidence(what=f"transfer of {self.scope.symbol(token)}", log=log.log)
