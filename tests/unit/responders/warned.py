"""A responder that a neighbour has warned, before an alert too weak by itself."""

from pathlib import Path

from responders.journal import Journal
from responders.outlook import Account
from schemas.manifest import Manifest
from schemas.signals import Signal
from tests.unit.responders.bench import Assembly, Beside
from tests.unit.responders.fakes import SIGNER, chain_at
from tests.unit.responders.test_signal_intake import WEAK, careful


def warned(journal: Path, *signals: Signal) -> tuple[Assembly, Manifest]:
    """Have it write this journal; return it, and the manifest that it goes by."""
    listens = careful()
    with Journal(journal) as entries:
        account = Account(SIGNER.address, SIGNER)
        made = Assembly(entries, chain_at(), account, listens, beside=Beside())
        made.warn(*signals)
        made.receive(WEAK)
    return made, listens
