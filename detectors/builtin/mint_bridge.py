"""Tokens from nowhere: minted without anything locked or burned for them, or a message twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import ClassVar

from detectors.api import Features, Scope, Spec, State
from detectors.flows import NOBODY
from detectors.habits import ActDetector, Kind, account, number
from schemas.chain import Log, Transaction

MAX_MESSAGES = 4_096
"""Messages remembered per protocol; a replay of an older one is not recognised as one."""

_MESSAGES = {
    "Process": "messageHash",
    "ProcessId": "messageId",
    "RelayedMessage": "msgHash",
    "ExecutionStateChanged": "messageId",
    "MessageReceived": "messageId",
    "MessageExecuted": "messageId",
    "RedeemedDeposit": "depositId",
    "OFTReceived": "guid",
}
"""Events by which bridges tell that a message from elsewhere took effect, with its name."""

_ARRIVALS = {
    "OFTReceived": ("", "amountReceivedLD"),
    "ReceiveFromChain": ("", "amount"),
    "ERC20BridgeFinalized": ("localToken", "amount"),
    "DepositFinalized": ("l2Token", "amount"),
    "LogAnySwapIn": ("token", "amount"),
}
"""Events by which bridges tell how much arrived for what was locked or burned elsewhere, with the
arguments that name the token ('': the contract itself) and the amount."""

_SEQUENCES = {"TransferRedeemed": ("emitterChainId", "emitterAddress", "sequence")}


class MintBridge(ActDetector):
    """Supply grows without backing, or a bridge acts on one message twice or on none."""

    spec: ClassVar[Spec] = Spec(
        name="mint-bridge",
        version="1.1.0",
        summary="Mints against history, what came in and what messages tell; messages seen before.",
        technique="ADT3016",
        made_from=("amounts", "events"),
        warm_up=100,
        false_positives=(
            "a planned emission larger than all before",
            "a bridge whose messages are delivered in parts under one name",
        ),
        blind_spots=(
            "what was locked elsewhere: a forged message that tells what it mints is ordinary",
            "a replay of a message older than the last four thousand, or before it is final",
            "a token that never was minted before, while its scale is unknown",
        ),
        rule=True,
    )
    kinds: ClassVar[dict[str, Kind]] = {
        "minted": Kind(
            words="{observed} of {member} were minted, ordinary are {expected}",
            spread=2.3,
            unit="smallest units",
        ),
        "unbacked": Kind(words="{member} was minted and nothing came in for it", severity=0.5),
        "beyond": Kind(
            words="more of {member} was minted than the messages from elsewhere tell", severity=3.0
        ),
        "replayed": Kind(words="a message that took effect before did so again", severity=6.0),
    }

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self._messages: dict[str, float] = {}

    def acts(self, tx: Transaction) -> Features:
        """Return what was minted, whether for anything, and which messages took effect."""
        found: dict[str, float] = {}
        messages = Counter(_messages(tx))
        for message, times in messages.items():
            found[f"message:{message}"] = 1.0
            if times > 1 or message in self._messages:
                found["replayed"] = 1.0
        minted: dict[str, int] = defaultdict(int)
        received = False
        for flow in tx.flows:
            if flow.sender == NOBODY and self._own(flow.token):
                minted[flow.token] += int(flow.amount)
            elif flow.sender != NOBODY and self._takes(flow.to):
                received = True
        told = _told(tx)
        for token, amount in minted.items():
            if amount > told.get(token, amount):
                found[f"beyond:{token}"] = 1.0
            if amount > 0:
                found[f"minted:{token}"] = float(amount)
                if not received and not messages and token not in told:
                    found[f"unbacked:{token}"] = 1.0
        return found

    def _own(self, token: str) -> bool:
        manifest = self.scope.manifest
        return manifest is None or token in manifest.addresses

    def _takes(self, address: str) -> bool:
        """Say whether what arrives there may be what is minted for: it is burned, or kept."""
        return address == NOBODY or self.scope.is_holder(address)

    def member(self, member: str) -> str:
        """Return the token's symbol."""
        return self.scope.symbol(member)

    def learn_one(self, x: Features, weight: float) -> None:
        """Take these mints for ordinary; remember the messages."""
        super().learn_one(x, weight)
        for name in x:
            kind, _, message = name.partition(":")
            if kind == "message":
                self._messages.pop(message, None)
                self._messages[message] = 1.0
        while len(self._messages) > MAX_MESSAGES:
            del self._messages[next(iter(self._messages))]

    def dump(self) -> State:
        """Return everything that was learned."""
        return super().dump() | {"messages": list(self._messages)}

    def load(self, state: State) -> None:
        """Become what `dump` described."""
        super().load(state)
        self._messages = dict.fromkeys(state["messages"], 1.0)


def _told(tx: Transaction) -> dict[str, int]:
    """Return per token how much arrived, as the bridges' own events tell."""
    told: dict[str, int] = {}
    for log in tx.logs:
        argument, name = _ARRIVALS.get(log.name, ("", ""))
        amount = number(log, name)
        token = account(log, argument) if argument else log.contract
        if amount is not None and token is not None:
            told[token] = told.get(token, 0) + amount
    return told


def _messages(tx: Transaction) -> Iterator[str]:
    """Yield the names of the messages that took effect, with the contract that says so."""
    for log in tx.logs:
        name = _message(log)
        if name is not None:
            yield f"{log.contract}/{name}"


def _message(log: Log) -> str | None:
    if log.name in _SEQUENCES:
        parts = [log.arguments.get(name) for name in _SEQUENCES[log.name]]
        return "-".join(map(str, parts)) if all(isinstance(part, str) for part in parts) else None
    value = log.arguments.get(_MESSAGES.get(log.name, ""))
    if log.name == "ExecutionStateChanged" and log.arguments.get("state") != "2":
        return None
    return value if isinstance(value, str) and value else None
