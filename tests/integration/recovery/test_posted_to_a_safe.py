"""Proposals on a Safe's transaction service: found there by owners, carried out by a real Safe."""

import json
from collections.abc import Iterator

import httpx
import pytest
from eth_account import Account as Keys
from eth_utils.address import to_checksum_address
from typer.testing import CliRunner, Result

from cli.main import app
from runtime.safe_transactions import SafeTransaction
from sandbox.evm import Account
from tests.integration.recovery.safe_service import SafeTransactions, carried_out, signed
from tests.integration.recovery.village import Village
from tests.served import served

pytestmark = [pytest.mark.node, pytest.mark.kafka]

PASSWORD = "for a test"


class Desk:
    """A village whose Safe has a service, and a delegate who proposes."""

    def __init__(self, village: Village, client: httpx.Client, service: SafeTransactions) -> None:
        self.village, self.client, self.service = village, client, service
        self.address = str(client.base_url)
        self.keystore, self.password = village.folder / "delegate.json", village.folder / "word"
        self.password.write_text(PASSWORD)
        self.keep(service.village.stranger)

    def keep(self, who: Account) -> None:
        """Put somebody's key into the proposer's keystore."""
        self.keystore.unlink(missing_ok=True)
        self.keystore.write_text(json.dumps(Keys.encrypt(who.signer.key, PASSWORD, iterations=2)))
        for file in (self.keystore, self.password):
            file.chmod(0o600)

    @property
    def options(self) -> list[str]:
        return [
            "--service", self.address, "--keystore", str(self.keystore),
            "--password-file", str(self.password),
        ]  # fmt: skip

    def brake(self) -> Result:
        return CliRunner().invoke(app, ["brakes", "propose", "granary", "pause", *self.options])

    def confirm(self, digest: str, *owners: Account) -> None:
        for owner in owners:
            where = f"/api/v1/multisig-transactions/{digest}/confirmations/"
            answer = self.client.post(where, json={"signature": signed(digest, owner)})
            assert answer.status_code == 201, answer.text

    def execute(self, digest: str) -> str:
        """Let anybody carry out what enough owners confirmed there."""
        row = self.client.get(f"/api/v2/multisig-transactions/{digest}/").json()
        (tx,) = self.village.do(self.village.thief, carried_out(self.village.safe, row))
        return tx

    def queue(self, nonce: int, *owners: Account) -> str:
        """Put an ordinary transaction into the Safe's queue, signed by these owners."""
        chain, safe = self.village.chain.id, self.village.safe.address
        made = SafeTransaction(chain, safe, self.village.people[3].address, "0x", nonce)
        digest = "0x" + made.digest.hex()
        body = made.proposal(owners[0].address, signed(digest, owners[0]), "payroll")
        where = f"/api/v2/safes/{to_checksum_address(safe)}/multisig-transactions/"
        answer = self.client.post(where, json=body)
        assert answer.status_code == 201, answer.text
        self.confirm(digest, *owners)
        return digest


@pytest.fixture
def desk(village: Village) -> Iterator[Desk]:
    village.guard_by_safe()
    service = SafeTransactions(village, delegates=(village.stranger,))
    manifest = next(village.manifests.glob("*.toml"))
    way = f'scope = "T2"\nsafe = "{village.safe.address}"'
    manifest.write_text(manifest.read_text().replace('scope = "T2"', way))
    with served(service.app) as client:
        yield Desk(village, client, service)


def test_a_brake_is_proposed_past_what_is_stuck_and_carried_out(desk: Desk) -> None:
    village, (first, second, *_) = desk.village, desk.village.people
    stuck = desk.queue(0, first)  # one owner of the two that it takes
    desk.queue(1, first, second)  # ready, but behind it
    said = desk.brake()
    assert said.exit_code == 0, said.exception
    (digest,) = [d for d in desk.service.kept if d in said.output]
    assert digest != stuck
    row = desk.service.kept[digest]
    assert (row["nonce"], row["origin"]) == (0, "Firebreak")
    assert row["confirmations"] == {}, "a delegate has no vote"
    desk.confirm(digest, first, second)
    desk.execute(digest)
    assert village.chain.read(village.granary, "paused")[0]
    assert "braked already" in desk.brake().output


def test_where_another_may_be_carried_out_first_the_next_nonce_is_proposed_too(desk: Desk) -> None:
    village, (first, second, *_) = desk.village, desk.village.people
    ready = desk.queue(0, first, second)
    said = desk.brake().output
    mine = {row["nonce"]: d for d, row in desk.service.kept.items() if d in said}
    assert mine.keys() == {0, 1}
    desk.execute(ready)  # it goes first, and voids ours of the same nonce
    desk.confirm(mine[1], first, second)
    desk.execute(mine[1])
    assert village.chain.read(village.granary, "paused")[0]


def test_a_recovery_is_posted_step_by_step_and_led_to_its_end(desk: Desk) -> None:
    village, (first, second, *_) = desk.village, desk.village.people
    village.rob()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    assert "nothing is staged" in village.refused("post", *desk.options)
    village.said("propose")
    desk.queue(0, first)
    desk.service.failures = [503, 429]  # passes by itself
    said = village.said("post", *desk.options)
    assert "waits there too" in said
    (digest,) = [d for d, row in desk.service.kept.items() if row["origin"] == "Firebreak"]
    assert f"nonce 0: proposed {digest}" in said
    typed = village.transactions()[0]["typed"]  # staged again, the same
    assert village.said("post", *desk.options), "once more does no harm"
    village.said("approve", village.sign(typed, first))
    village.said("approve", village.sign(typed, second))
    desk.confirm(digest, first, second)
    assert "now recover" in village.said("done", desk.execute(digest))
    assert "nothing is staged" in village.refused("post", *desk.options)


def test_what_the_service_refuses_or_bends_is_told(desk: Desk) -> None:
    village = desk.village
    village.rob()
    village.said("open", "--evidence", "T2")
    village.said("cause", "withdraw() pays whoever asks")
    village.said("propose")
    desk.keep(village.thief)
    assert "not an owner or delegate" in village.refused("post", *desk.options)
    desk.keep(village.stranger)
    desk.service.tampered = True
    assert "shows something else" in village.refused("post", *desk.options)
    assert "one of them" in village.refused("post", "--service", desk.address)
