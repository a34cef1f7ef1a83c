"""The sandbox's world: who and what lives on its chain, and how Firebreak is told to watch it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox.evm import ETHER, Account, Contract

Scenario = Literal["spot-oracle", "reentrancy"]

PROTOCOLS: Mapping[Scenario, str] = {"spot-oracle": "meadow", "reentrancy": "cellar"}
"""The protocol that each scenario attacks."""

ONE_WITNESS: frozenset[Scenario] = frozenset({"reentrancy"})
"""Scenarios in which no two detectors that are made from different things alert: there the manifest
lets one pause. A loop of calls says the same to everyone who reads the call tree, and what it takes
at once is about what an ordinary withdrawal takes."""

DOLLAR = 10**6
"""Smallest units of the stable token, which has 6 decimals."""

BORROW_LIMIT = 200_000 * DOLLAR
"""The most that one transaction may borrow from the pool."""

WITHDRAWAL_LIMIT = 100 * ETHER
"""The most that one transaction may withdraw from the vault."""

PAUSE = "0x8456cb59"
"""The calldata of `pause()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """The ERC-20 tokens; all but `dollar` have 18 decimals."""

    weth: Contract
    dollar: Contract
    clover: Contract
    """What the lending pool takes as collateral."""
    barley: Contract

    def __iter__(self) -> Iterator[Contract]:
        return iter((self.weth, self.dollar, self.clover, self.barley))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Real Uniswap V2 pairs of these tokens."""

    deep: Contract
    """weth and dollar."""
    cross: Contract
    """clover and weth."""
    side: Contract
    """barley and weth."""
    thin: Contract
    """clover and dollar; its spot price is what the lending pool believes."""

    def __iter__(self) -> Iterator[Contract]:
        return iter((self.deep, self.cross, self.side, self.thin))


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that `sandbox.deploy.deploy` set up; the same addresses every time."""

    chain_id: int
    accounts: Mapping[str, Account]
    """Those with a part to play: `deployer`, `owner-1` to `owner-3`, `responder`, `heartbeat`,
    `attacker`, `arbitrageur`, `liquidator`."""
    users: tuple[Account, ...]
    """Ordinary people, of very different means."""
    tokens: Tokens
    pairs: Pairs
    router: Contract
    pool: Contract
    vault: Contract
    safe: Contract
    gate: Contract
    disperse: Contract
    lens: Contract

    def manifest(self, scenario: Scenario) -> str:
        """Return the TOML manifest of the protocol that is attacked in this scenario."""
        return self._meadow() if scenario == "spot-oracle" else self._cellar()

    def write_manifest(
        self, folder: Path, scenario: Scenario, *, alone: bool = False, early: bool = False
    ) -> Path:
        """Write the manifest, and beside it the ABI that it names; return its path.

        `alone` lets one detector pull the brake, whatever the scenario; `early` the creation of a
        contract.
        """
        contract = {"spot-oracle": self.pool, "reentrancy": self.vault}[scenario]
        protocol = PROTOCOLS[scenario]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{protocol}.abi.json").write_text(json.dumps(contract.interface.abi))
        path = folder / f"{protocol}.toml"
        one = "one_detector_may_pause = true\n" * (alone or scenario in ONE_WITNESS)
        created = "deployment_may_pause = true\n" * early
        path.write_text(self.manifest(scenario) + one + created)
        return path

    def _meadow(self) -> str:
        return f"""\
protocol = "meadow"
name = "Meadow, a lending pool that trusts a spot price"
chain = "eip155:{self.chain_id}"

[[contracts]]
address = "{self.pool.address}"
role = "pool"
name = "LendingPool"
abi = "meadow.abi.json"

[[contracts]]
address = "{self.pairs.thin.address}"
role = "pair"
name = "CLV/AUSD"
holds_value = false

[[tokens]]
address = "{self.tokens.dollar.address}"
symbol = "AUSD"
decimals = 6

[[tokens]]
address = "{self.tokens.clover.address}"
symbol = "CLV"
decimals = 18

[[dependencies]]
name = "clover-price"
kind = "oracle"
address = "{self.pairs.thin.address}"

[loss]
detect_seconds = 1
decide_seconds = 1
include_seconds = 24

[[assets]]
token = "AUSD"
price = 1
allowable = 250000
single_transaction = 200000
loss_per_second = 16000
{self._brake("pause-pool", self.pool)}"""

    def _cellar(self) -> str:
        return f"""\
protocol = "cellar"
name = "Cellar, a vault for ether"
chain = "eip155:{self.chain_id}"

[[contracts]]
address = "{self.vault.address}"
role = "vault"
name = "Vault"
abi = "cellar.abi.json"

[[tokens]]
address = "native"
symbol = "ETH"
decimals = 18
{self._brake("pause-vault", self.vault)}"""

    def _brake(self, name: str, target: Contract) -> str:
        """Money in US dollars: about what each protocol holds, and a tenth of it lost per block."""
        return f"""
[budget]
transactions_per_false_alert = 5000

[halt]
prior = 0.001
false_halt_cost = 50000
halt_cost = 500
value_exposed = 2000000
loss_per_second = 16000
response_seconds = 900

[[brakes]]
name = "{name}"
adapter = "gate"
target = "{target.address}"
gate = "{self.gate.address}"
calldata = "{PAUSE}"
scope = "T2"
"""
