"""Caps of Aave that a brake cut stay as they are, and return in steps that people decide on."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from eth_account.messages import encode_typed_data
from typer.testing import CliRunner, Result

from cli.main import app
from responders.adapters.base import Condition
from runtime.kafka import KafkaBroker
from sandbox.evm import ETHER, Call, Contract
from schemas.topics import RECOVERIES
from tests.contract import safes
from tests.contract.exhibits import aave
from tests.contract.stage import Stage

pytestmark = [pytest.mark.node, pytest.mark.kafka]

CASE, DAY = "cd" * 32, 86_400
ORDINARY, HALF = 10_000, 5_500
"""Whole tokens; 5,000 are supplied."""


class Release:
    """A reserve whose supply cap a brake cut, a Safe of its risk admins, and their plan."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.plan = stage, folder / "plan.toml"
        self.safe: Contract = safes.new_safe(stage)
        self.shown = aave.exhibit(stage, self.safe.address, "supply-cap")
        self.aave = aave.deployed(stage)
        stage.do(stage.people, self.aave.acl.call("addRiskAdmin", stage.responder.address))
        stage.do(stage.people, self.cap(ORDINARY))
        self.write(HALF)
        brake, asset = self.shown.brake, self.aave.token.address
        (folder / "protocols").mkdir()
        (folder / "protocols" / "reserve.toml").write_text(
            f'protocol = "reserve"\nchain = "{stage.chain.name}"\n'
            f'[[contracts]]\naddress = "{self.aave.pool.address}"\nrole = "pool"\n'
            "[halt]\nfalse_halt_cost = 1\nvalue_exposed = 1\nloss_per_second = 1\n"
            f'[[brakes]]\nname = "{brake.name}"\nadapter = "aave-v3"\ntarget = "{brake.target}"\n'
            f'scope = "T1"\n[brakes.parameters]\ndoes = "supply-cap"\ncap = 5050\n'
            f'pool = "{self.aave.pool.address}"\nasset = "{asset}"\n'
        )

    def cap(self, amount: int) -> Call:
        asset = self.aave.token.address
        found: Call = self.aave.configurator.call("setSupplyCap", asset, amount)
        return found

    def write(self, step: int) -> None:
        """Write the plan, with so much of a cap in the stage that says 55 %."""
        to, asset, pool = (
            self.aave.configurator.address, self.aave.token.address, self.aave.pool.address
        )  # fmt: skip
        setting = (
            f'{{ to = "{to}", function = "setSupplyCap(address,uint256)", arguments = ["{asset}",'
        )
        self.plan.write_text(
            f'case = "{CASE}"\nprotocol = "reserve"\nchain = "{self.stage.chain.name}"\n'
            f'brake = "supply-cap"\ngreen_blocks = 1\n[safe]\naddress = "{self.safe.address}"\n'
            f'[[invariants]]\nname = "covered"\nrelation = ">="\nright = 1\n'
            f'left = {{ to = "{pool}", function = "MAX_NUMBER_RESERVES()" }}\n'
            f'[fix]\nwords = "A reserve factor that pays for what was lost"\n'
            f'calls = [{{ to = "{to}", function = "setReserveFactor(address,uint256)", '
            f'arguments = ["{asset}", 1000] }}]\n'
            f'[[stages]]\ncap = 5500\nwords = "Half of the room"\ncalls = [{setting} {step}] }}]\n'
            f'[[stages]]\ncap = 10000\nwords = "In full"\ncalls = [{setting} {ORDINARY}] }}]\n'
        )

    def run(self, command: str, *arguments: str) -> Result:
        return CliRunner().invoke(app, ["recover", command, str(self.plan), *arguments])

    def said(self, command: str, *arguments: str) -> str:
        result = self.run(command, *arguments)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    def takes(self, amount: int) -> bool:
        """Say whether the user could supply so many tokens more."""
        asset, user = self.aave.token.address, self.stage.user
        return self.stage.works(
            user, self.aave.pool.call("supply", asset, amount * ETHER, user.address, 0)
        )

    def carry_out(self) -> None:
        """Have the next step proposed, signed by both owners, and made by the Safe."""
        rows: list[dict[str, Any]] = orjson.loads(self.said("propose", "--json"))["transactions"]
        for owner in safes.OWNERS:
            typed = (encode_typed_data(full_message=row["typed"]) for row in rows)
            given = ["0x" + owner.signer.sign_message(one).signature.hex() for one in typed]
            self.said("approve", *given)
        (message,) = (row["typed"]["message"] for row in rows)
        call = Call(to=message["to"], data=bytes.fromhex(message["data"][2:]))
        safes.by_owners(self.stage, self.safe, call)
        self.said("done", self.stage.newest_receipt().tx)
        self.stage.hands.mine()
        self.said("watch")


@pytest.fixture
def release(
    stage: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
) -> Release:
    made = Release(stage, tmp_path)
    broker.create([RECOVERIES])
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", bootstrap)
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", namespace)
    monkeypatch.setenv("FIREBREAK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FIREBREAK_PROTOCOLS", str(tmp_path / "protocols"))
    monkeypatch.setenv("FIREBREAK_RESPOND__ENDPOINTS", str(stage.node.ipc))
    return made


def test_a_cap_that_was_cut_returns_in_steps_by_people_and_never_by_itself(
    release: Release,
) -> None:
    stage = release.stage
    assert release.takes(1_000)
    adapter = stage.adapter(release.shown.brake)
    assert adapter.plan().lapses_after is None, "people release it"
    assert adapter.verify(stage.pull(adapter)).holds
    stage.hands.mine(30 * DAY)
    assert not release.takes(100), "a month later it is as it was cut"
    assert adapter.probe(stage.chain.head().number) is Condition.BRAKED

    release.said("open", "--evidence", "T2")
    release.said("cause", "a price that could be moved")
    release.carry_out()
    assert not release.takes(100), "the fix alone opens nothing"
    release.carry_out()
    assert release.takes(400)
    assert not release.takes(600), "half is not all"
    stage.hands.mine(30 * DAY)
    assert not release.takes(600), "and half stays half until people decide"
    release.carry_out()
    assert release.takes(4_000)
    assert not release.takes(6_000)
    assert "phase: closed" in release.said("show")


def test_a_stage_that_would_open_further_than_it_says_is_no_plan(release: Release) -> None:
    release.write(HALF + 1)
    refused = release.run("open", "--evidence", "T2")
    assert "more than 55 % of 10000" in str(refused.exception)
