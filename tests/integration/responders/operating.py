"""Three operators of a quorum on the sandbox's chain, each with what is its own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import contracts
from responders.chain import NodeChain
from responders.journal import Journal
from responders.outlook import Account
from responders.signer import KeySigner
from runtime.evm import Endpoints
from runtime.manifests import load_manifest
from sandbox.abi import Interface
from sandbox.evm import ETHER, Call, Contract, created_by
from sandbox.evm import Account as Person
from schemas.consents import Consent
from schemas.manifest import Manifest
from tests.integration.responders.place import Place
from tests.unit.responders.bench import Assembly

PEOPLE = [Person.named(f"operator-{n}") for n in (1, 2, 3)]
NEEDED = 2


class Operator:
    """One of them: a key, a journal, a broker and a connection of its own."""

    def __init__(self, person: Person, chain_id: int, node: str, folder: Path) -> None:
        self.signer = KeySigner(bytes(person.signer.key), chain_id)
        self.journal = folder / f"{person.name}.jsonl"
        self.endpoints = Endpoints([node])
        self.chain = NodeChain(self.endpoints)

    @contextmanager
    def at_work(self, given: Manifest, journal: Journal | None = None) -> Iterator[Assembly]:
        """Run its responder; another time is a restart."""
        account = Account(self.signer.address, self.signer)
        with journal or Journal(self.journal) as opened:
            yield Assembly(opened, self.chain, account, given)


class Ring:
    """The operators, their quorum, and the gate whose only responder it is."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self.quorum = self._created()
        flag = place.world.gate
        place.by_safe(flag.call("setResponder", self.quorum.address, True))  # noqa: FBT003 - the contract's
        place.by_safe(flag.call("setResponder", place.signer.address, False))  # noqa: FBT003 - the contract's
        node = str(place.node.ipc)
        self.operators = [Operator(one, place.world.chain_id, node, folder) for one in PEOPLE]
        for one in self.operators:
            place.node.rpc("anvil_setBalance", one.signer.address, hex(10 * ETHER))
        place.hands.mine()
        self.manifest = load_manifest(self.write_manifest(folder / "protocols"))

    def _created(self) -> Contract:
        place, artefact = self.place, contracts.load("OperatorQuorum")
        interface = Interface(artefact.abi)
        maker = place.world.users[0]
        address = created_by(maker.address, place.hands.nonce(maker))
        names = [one.address for one in PEOPLE]
        safe, gate = place.world.safe.address, place.world.gate.address
        data = interface.creation(artefact.bytecode, safe, gate, names, NEEDED)
        place.hands.settle([place.hands.send(maker, Call(to=None, data=data, gas=4_000_000))])
        return Contract(address, interface)

    def write_manifest(self, folder: Path) -> Path:
        """Write the pool's manifest with its operators; return its path."""
        path = self.place.world.write_manifest(folder, "spot-oracle")
        names = ", ".join(f'"{one.address}"' for one in PEOPLE)
        table = (
            f'\n[quorum]\ncontract = "{self.quorum.address}"\n'
            f"operators = [{names}]\nthreshold = {NEEDED}\n"
        )
        path.write_text(path.read_text() + table)
        return path

    def close(self) -> None:
        for one in self.operators:
            one.endpoints.close()

    @contextmanager
    def running(self, *numbers: int) -> Iterator[list[Assembly]]:
        """Run these operators' responders."""
        with ExitStack() as stack:
            yield [stack.enter_context(self.operators[n].at_work(self.manifest)) for n in numbers]

    def mine(self, at_work: list[Assembly], count: int = 1, seconds: int = 12) -> None:
        """Make blocks, each seen by all."""
        for _ in range(count):
            self.place.hands.mine(seconds)
            for one in at_work:
                one.look()

    def question(self) -> Any:
        """Return what is asked now."""
        from responders.levers import within_reach

        lever = next(iter(within_reach([self.manifest], self.place.chain, 1).values()))
        return lever.adapter.question(self.place.chain.head().number)


def passed_on(
    at_work: list[Assembly], altered: Callable[[Consent], Consent] = lambda word: word
) -> None:
    """Let each hear what all the others said."""
    said = [one.said() for one in at_work]
    for place, one in enumerate(at_work):
        words = [altered(w) for other, own in enumerate(said) if other != place for w in own]
        one.hear(*words)
