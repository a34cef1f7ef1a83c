"""The documents of an incident: of each transaction in it all that a node can show.

They are asked for first, whether the analysis needs them or not, so that bounds cut the search for
where the funds went rather than the proof of what happened.
"""

import contextlib
from typing import Any

from forensics.cases.asking import Evidence, NotGivenError
from forensics.cases.dossier import Dossier
from forensics.cases.scanning import CALL_TREE

STATE_CHANGES = {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}

MAX_TRANSACTIONS = 400

_WHOLE = True


def document(evidence: Evidence, dossier: Dossier) -> None:
    """Ask for block, receipts, call tree and changes of state of each transaction that was alerted
    on or that braked, and for what the node is. What is not given is so noted by the evidence."""
    _ask(evidence, "web3_clientVersion")
    _ask(evidence, "eth_chainId")
    blocks = {alert.block_hash for alert in dossier.alerts if alert.phase == "head"}
    blocks |= {action.block_hash for action in dossier.actions}
    for block in sorted(filter(None, blocks)):
        _ask(evidence, "eth_getBlockByHash", block, _WHOLE)
        _ask(evidence, "eth_getBlockReceipts", block)
    brakes = [action.tx for action in dossier.actions if action.tx]
    transactions = dict.fromkeys([*(alert.tx for alert in dossier.alerts), *brakes])
    for tx in list(transactions)[:MAX_TRANSACTIONS]:
        _ask(evidence, "eth_getTransactionByHash", tx)
        _ask(evidence, "eth_getTransactionReceipt", tx)
        _ask(evidence, "debug_traceTransaction", tx, CALL_TREE)
        _ask(evidence, "debug_traceTransaction", tx, STATE_CHANGES)


def _ask(evidence: Evidence, method: str, *parameters: Any) -> None:
    with contextlib.suppress(NotGivenError):
        evidence.ask(method, *parameters)
