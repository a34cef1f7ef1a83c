"""How it ended, by the chain's own word, and the report that says so."""

import gzip
import json
import platform
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from sandbox import fetch
from sandbox.attacks import Attack, attack_on
from sandbox.demo.stage import Stage
from sandbox.demo.story import Story
from sandbox.evm import Chain, Node
from schemas.units import NATIVE

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
_SENT = ("broadcast", "included", "final")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the demo has to show for itself; also `report.json`."""

    scenario: str
    armed: bool
    succeeded: bool
    failures: list[str]
    """What was expected and did not happen; empty when it succeeded."""
    benign_txs: int
    false_alerts: int
    attack_txs: int
    attack_txs_reverted: int
    alerts: int
    first_attack_tx_alerted: bool
    """Whether the first transaction that steals raised an alert, or one before it did."""
    detect_ms: float | None
    """Block received by ingest -> alert produced."""
    brake_sent_ms: float | None
    """Block received by ingest -> brake handed to the node."""
    brake_mined_ms: float | None
    loss_taken: float
    loss_prevented: float
    """What the same attack takes on the same chain with nobody to stop it, less what it took."""
    asset: str
    honest_txs_refused: int
    """Honest transactions that failed only because the target was paused."""
    paused: bool
    versions: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """Write the report."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")


def lost_in(node: Node, attack: Attack, transaction: str) -> int | None:
    """Return what the victim lost in a transaction, None if it was reverted or is not mined."""
    receipt = node.rpc("eth_getTransactionReceipt", transaction)
    if receipt is None or receipt["status"] != "0x1":
        return None
    victim = attack.victim.address
    if attack.token == NATIVE:
        frames = node.rpc("trace_transaction", transaction)
        moved = [
            (frame["action"]["from"], frame["action"].get("to"), frame["action"]["value"])
            for frame in frames
            if "value" in frame["action"] and frame["action"].get("callType") == "call"
        ]
    else:
        moved = [
            (_address(log["topics"][1]), _address(log["topics"][2]), log["data"])
            for log in receipt["logs"]
            if log["address"] == attack.token and log["topics"][0] == _TRANSFER
        ]
    out = sum(int(amount, 16) for sender, _, amount in moved if sender == victim)
    back = sum(int(amount, 16) for _, to, amount in moved if to == victim)
    return out - back


def _address(topic: str) -> str:
    return "0x" + topic[-40:]


def loss_without_defence(stage: Stage, state: str) -> int:
    """Return what the attack takes from this state of the chain (as `anvil_dumpState` gives it)
    when nobody stops it.

    It really happens, on a second chain that starts from the first one's state.
    """
    path = stage.plan.folder / "before-the-attack.json"
    path.write_bytes(gzip.decompress(bytes.fromhex(state[2:])))
    node = stage.new_node("undefended", load_state=path)
    attack, chain = attack_on(stage.world, stage.plan.scenario), Chain(node)
    hashes = []
    for raw in attack.transactions():
        hashes.append(chain.send_raw(raw))
        chain.mine()
    return sum(lost_in(node, attack, transaction) or 0 for transaction in hashes)


def judge(stage: Stage, story: Story, attack: Attack, possible: int) -> Outcome:
    """Ask the chain what became of the target and of every transaction of the attack."""
    unit = 10**attack.decimals
    paused = bool(Chain(stage.node).read(attack.victim, "paused")[0])
    losses = [lost_in(stage.node, attack, transaction) for transaction in story.attack]
    taken, timeline = sum(loss or 0 for loss in losses), story.timeline()
    failures = _failures(story, paused=paused, losses=losses)
    return Outcome(
        scenario=story.scenario,
        armed=story.armed,
        succeeded=not failures,
        failures=failures,
        benign_txs=story.honest,
        false_alerts=len({alert.tx for alert in story.false_alerts}),
        attack_txs=len(story.attack),
        attack_txs_reverted=losses.count(None),
        alerts=len(story.alerts),
        first_attack_tx_alerted=_alerted_in_time(story),
        detect_ms=timeline.get("scored"),
        brake_sent_ms=timeline.get("sent"),
        brake_mined_ms=timeline.get("mined"),
        loss_taken=taken / unit,
        loss_prevented=(possible - taken) / unit,
        asset=attack.asset,
        honest_txs_refused=story.honest_refused,
        paused=paused,
        versions=_versions(stage),
    )


def _alerted_in_time(story: Story) -> bool:
    first = story.first_alert
    return first is not None and first.tx in (story.preparation, *story.attack[:1])


def _failures(story: Story, *, paused: bool, losses: list[int | None]) -> list[str]:
    found = []
    if not _alerted_in_time(story):
        found.append("the first transaction of the attack raised no alert")
    if not story.armed:
        if story.braked(("rehearsed",)) is None:
            found.append("no brake was rehearsed")
        if story.braked(_SENT) is not None or paused:
            found.append("something was sent in dry-run")
        return found
    if not paused:
        found.append("the chain says that the target is not paused")
    if None not in losses:
        found.append("no transaction of the attack was reverted")
    elif any(loss is not None for loss in losses[losses.index(None) :]):
        found.append("a transaction of the attack succeeded after one was reverted")
    return found


def _versions(stage: Stage) -> dict[str, str]:
    client: Any = stage.node.rpc("web3_clientVersion")
    return {
        "firebreak": version("firebreak"),
        "python": platform.python_version(),
        "kafka": _kafka_version(stage),
        "node": str(client),
        "confluent-kafka": version("confluent-kafka"),
        "faust-streaming": version("faust-streaming"),
        "river": version("river"),
        "web3": version("web3"),
    }


def _kafka_version(stage: Stage) -> str:
    libs = fetch.kafka_libs(stage.plan.cache, lambda _line: None)
    names = [path.stem for path in libs.glob("kafka-clients-*.jar")]
    return names[0].removeprefix("kafka-clients-") if names else "unknown"
