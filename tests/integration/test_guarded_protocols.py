"""Protocols of others, of real bytecode: attacked, seen, braked where it hurts least, released.

Detectors, responder, gate and chain are the real ones, in one process and without Kafka.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from responders.journal import Journal
from responders.outlook import Account as Signing
from responders.signer import KeySigner
from runtime.settings import CORE
from sandbox.evm import ETHER, FOREVER, Account, Call, Contract
from sandbox.node import LocalNode
from schemas.manifest import Brake, Manifest
from tests.contract.exhibits import aave as aave_v3
from tests.contract.stage import ALLOWED, Stage
from tests.integration.detectors.theatre import Act, Theatre
from tests.unit.responders.bench import Assembly

pytestmark = pytest.mark.node

DOLLAR = 10**8
"""In the oracle's units."""
SHARE = 50_000 * ETHER
"""What the thief borrows in one transaction."""


class Guarded:
    """A theatre whose alerts reach an armed responder behind a gate."""

    def __init__(self, node: LocalNode, cache: Path, folder: Path) -> None:
        self.stage = Stage(node, cache)
        self.theatre = Theatre(node, self.stage.package)
        self.theatre.chain = self.stage.hands
        self.gate = self.stage.new_gate()
        self._journal = Journal(folder / "journal.jsonl")
        self._responder: Assembly | None = None

    def through_gate(self, brake: Brake) -> Brake:
        """Return the brake with the gate as its way, which the people allow."""
        more = {"gate": self.gate.address, "scope": "T1", "one_detector_may_pause": True}
        found = brake.model_copy(update=more)
        self.stage.allow(self.gate, found)
        return found

    def arm(self, manifest: Manifest) -> None:
        key = bytes(self.stage.responder.signer.key)
        signer = KeySigner(key, self.stage.hands.id)
        account = Signing(signer.address, signer)
        self._responder = Assembly(self._journal, self.stage.chain, account, manifest)

    def strike(self, *acts: Act) -> dict[str, float] | None:
        """Mine acts that may fail, judge them, and let the responder act on every alert.

        Return the milliseconds until the alert and until the brake was handed over, if there were.
        """
        theatre, responder = self.theatre, self._responder
        assert responder is not None
        for account, call in acts:
            self.stage.hands.send(account, call)
        self.stage.hands.mine()
        start = time.perf_counter()
        alerts = theatre.judged()
        seen = time.perf_counter()
        responder.look()
        if not alerts:
            return None
        responder.receive(*alerts)
        sent = time.perf_counter()
        return {"alert": 1000 * (seen - start), "brake": 1000 * (sent - start)}

    def states(self) -> list[str]:
        assert self._responder is not None
        return self._responder.states()

    def close(self) -> None:
        self._journal.__exit__(None, None, None)
        self.stage.close()


@pytest.fixture
def guarded(node: LocalNode, cache: Path, tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(node, cache, tmp_path)
    yield made
    made.close()


def second_reserve(stage: Stage, aave: aave_v3.Aave) -> tuple[Contract, Contract]:
    """List a second token, at a dollar; return it and the oracle."""
    provider_at = stage.hands.read(aave.pool, "ADDRESSES_PROVIDER")[0]
    source = "@aave/core-v3", "artifacts/contracts/protocol/configuration/PoolAddressesProvider.sol"
    provider = Contract(provider_at, stage.deployer.packaged(source, "PoolAddressesProvider"))
    mocks = "@aave/core-v3", "artifacts/contracts/mocks/oracle/PriceOracle.sol"
    oracle = Contract(
        stage.hands.read(provider, "getPriceOracle")[0],
        stage.deployer.packaged(mocks, "PriceOracle"),
    )
    token = aave_v3.create(stage, "mocks/tokens/MintableERC20", "Barley", "BRL", 18)
    stage.deployer.settle()
    stage.do(stage.people, oracle.call("setAssetPrice", token.address, DOLLAR))
    aave_v3.list_reserve(
        stage, aave_v3.Aave(aave.configurator, aave.pool, aave.acl, token), provider
    )
    return token, oracle


def test_aave_a_bent_oracle_drains_one_reserve(guarded: Guarded, record_property: Any) -> None:
    """Class 3 of the attacks: what is lent against is suddenly worth a thousand times as much."""
    stage, theatre = guarded.stage, guarded.theatre
    aave = aave_v3.deployed(stage)
    barley, oracle = second_reserve(stage, aave)
    acre = aave.token
    pause = guarded.through_gate(aave_v3.exhibit(stage, guarded.gate.address, "pause").brake)
    people, thief = theatre.people(12), theatre.thief
    rich = people[0]

    def pool(name: str, token: Contract, amount: int, one: Account) -> Call:
        terms: dict[str, tuple[int | str, ...]] = {
            "supply": (one.address, 0),
            "borrow": (aave_v3.VARIABLE, 0, one.address),
            "repay": (aave_v3.VARIABLE, one.address),
            "withdraw": (one.address,),
        }
        return aave.pool.call(name, token.address, amount, *terms[name])

    for one in (*people, thief):
        stage.do(
            one,
            *(token.call("mint", 1_000_000 * ETHER) for token in (acre, barley)),
            *(token.call("approve", aave.pool.address, FOREVER) for token in (acre, barley)),
        )
    a_token = stage.hands.read(aave.pool, "getReserveData", acre.address)[0][8]
    b_token = stage.hands.read(aave.pool, "getReserveData", barley.address)[0][8]
    holders = [Contract(address, acre.interface) for address in (a_token, b_token)]
    stage.do(rich, pool("supply", acre, 500_000 * ETHER, rich))
    manifest = theatre.watch({"pool": [aave.pool, *holders]}, CORE, (pause,))
    for number in range(12):
        for name in ("supply", "borrow", "repay", "withdraw"):
            token = barley if name in ("supply", "withdraw") else acre
            share = 4 if name == "supply" else 1
            theatre.play(
                *(
                    (one, pool(name, token, share * (100 + 9 * place + number) * ETHER, one))
                    for place, one in enumerate(people)
                )
            )
    guarded.arm(manifest)
    before = stage.hands.read(acre, "balanceOf", a_token)[0]
    theatre.play((thief, pool("supply", barley, 1_000 * ETHER, thief)))
    theatre.play((stage.people, oracle.call("setAssetPrice", barley.address, 1_000 * DOLLAR)))
    times, drains = None, 0
    for _ in range(8):
        found = guarded.strike((thief, pool("borrow", acre, SHARE, thief)))
        times, drains = times or found, drains + 1
    acre_left = stage.hands.read(acre, "balanceOf", a_token)[0]
    taken = (before - acre_left) // SHARE
    assert times is not None, "the drain was not seen"
    assert "included" in guarded.states()
    assert 1 <= taken <= 2 < drains, "what came before the brake is lost, nothing after"

    stage.do(stage.people, oracle.call("setAssetPrice", barley.address, DOLLAR))
    still = [(one, pool("supply", barley, 10 * ETHER, one)) for one in people]
    assert all(stage.works(one, call) for one, call in still), "the other reserve stays in use"
    refused = (rich, pool("withdraw", acre, 10 * ETHER, rich))
    assert not stage.works(*refused)
    stage.do(stage.people, aave.configurator.call("setReservePause", acre.address, not ALLOWED))
    assert stage.works(*refused), "people released it"
    for name, value in (*times.items(), ("taken", taken), ("drains", drains)):
        record_property(name, value)
    print(f"aave: {times} taken {taken} of {drains} shares")  # noqa: T201 - docs/benefit.md shows it
