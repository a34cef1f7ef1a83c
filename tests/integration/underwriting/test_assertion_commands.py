"""`firebreak risk assertion` and `check-assertion`, on a real broker and the real contract."""

from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from neighbours.outbound import evidence_root
from runtime.kafka import KafkaBroker
from runtime.keepers import key_of
from runtime.signatures import Signer, generate, load_signer, signed
from sandbox.evm import Call
from sandbox.node import LocalNode
from schemas.codec import encode
from schemas.errors import ConfigurationError
from schemas.incidents import Incident
from schemas.topics import INCIDENTS
from tests.integration.underwriting.covered import Covered
from tests.unit.underwriting.worlds import case

pytestmark = [pytest.mark.node, pytest.mark.kafka]

FALSE_ROOT = bytes(31) + b"\x01"


class Desk(Covered):
    """A cover pool, and who keeps the cases."""

    def __init__(self, node: LocalNode, broker: KafkaBroker, folder: Path) -> None:
        super().__init__(node)
        broker.create([INCIDENTS])
        self.producer = broker.producer()
        self.keeper = load_signer(generate(folder / "keepers", "incidents"))
        self.forger = load_signer(generate(folder / "others", "incidents"))

    def case(self, alerts: int = 1, **changed: object) -> Incident:
        """Return a case of this moment that knows so many alerts."""
        told = case("respond", "included")
        (first,) = told.sightings
        seen = tuple(
            msgspec.structs.replace(first, alert=f"{number:064x}", block=number)
            for number in range(1, alerts + 1)
        )
        known = {"opened": self.now, "latest": self.now, "sightings": seen}
        return msgspec.structs.replace(told, **(known | changed))

    def tell(self, told: Incident, by: Signer | None = None) -> None:
        """Publish a state of a case."""
        value = encode(told)
        proof = signed(value, by or self.keeper)
        self.producer.send(INCIDENTS.name, value, key=key_of(told), headers=proof)
        self.producer.flush()

    def sent(self, call: Call) -> str:
        """Assert; return the assertion's name, as `Asserted` has it."""
        assert self.does(self.asserter, call)
        logs = self.node.rpc("eth_getLogs", {"fromBlock": "latest", "address": self.pool.address})
        return str(logs[0]["topics"][1])

    def said(self, told: Incident, root: bytes | None = None, at: int | None = None) -> str:
        """Assert a case with its root of now, unless told otherwise."""
        its = bytes.fromhex(evidence_root(told)[2:]) if root is None else root
        when, bond = told.opened if at is None else at, self.terms.bond
        case_id = bytes.fromhex(told.id)
        return self.sent(self.pool.call("assertCase", case_id, its, when, 10_000, value=bond))

    def check(self, name: str) -> tuple[int, str]:
        """Run `check-assertion`; return how it exits, and what it says."""
        done = asked("check-assertion", self.pool.address, name)
        return done.exit_code, done.stdout


@pytest.fixture
def desk(
    node: LocalNode,
    broker: KafkaBroker,
    bootstrap: str,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    desk = Desk(node, broker, tmp_path)
    for name, value in {
        "KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "KAFKA__NAMESPACE": namespace,
        "INCIDENTS__TRUSTED_KEYS": str(tmp_path / "keepers"),
        "RISK__ENDPOINTS": str(node.ipc),
    }.items():
        monkeypatch.setenv(f"FIREBREAK_{name}", value)
    return desk


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["risk", *arguments], catch_exceptions=False)


def test_what_is_printed_is_asserted_and_fits_and_a_false_root_and_an_unknown_case_do_not(
    desk: Desk,
) -> None:
    told = desk.case(alerts=2)
    desk.tell(told)
    desk.tell(desk.case(alerts=3), by=desk.forger)  # whom nobody believes

    printed = asked("assertion", told.id[:12], "--share", "5000")
    assert printed.exit_code == 0, printed.output
    assert f"evidence root: {evidence_root(told)}" in printed.stdout
    assert "with 2 alerts: a later one changes the root" in printed.stderr
    calldata = printed.stdout.rpartition("calldata: ")[2].strip()
    call = Call(to=desk.pool.address, data=bytes.fromhex(calldata[2:]), value=desk.terms.bond)
    name = desk.sent(call)
    until = desk.told("assertionOf", bytes.fromhex(name[2:]))[4]

    code, said = desk.check(name)
    assert (code, said.splitlines()[-1]) == (0, "it fits the record")
    assert f"can be disputed until {until} " in said
    assert f"with a bond of {desk.terms.bond} wei" in said
    assert "share: 5000 of 10000" in said

    code, said = desk.check(desk.said(told, FALSE_ROOT))
    assert code == 1
    assert f"evidence root 0x{FALSE_ROOT.hex()} is that of no state of the case" in said
    assert evidence_root(told) in said

    code, said = desk.check(desk.said(told, at=told.opened - 1))
    assert code == 1
    assert f"says that it happened at {told.opened - 1}, the record says {told.opened}" in said

    code, said = desk.check(desk.said(desk.case(id="d" * 64)))
    assert code == 1
    assert f"no case {'d' * 64} is on the record" in said

    assert desk.check("0x" + "ab" * 32) == (
        1,
        f"{desk.pool.address} knows no assertion 0x{'ab' * 32}\n",
    )


def test_an_assertion_of_an_earlier_state_fits_though_the_case_went_on(desk: Desk) -> None:
    earlier = desk.case(alerts=1)
    name = desk.said(earlier)
    # the topic is compacted: it need not keep more than the newest state
    desk.tell(desk.case(alerts=3, opened=earlier.opened))
    assert desk.check(name)[0] == 0
    desk.chain.mine(desk.terms.liveness)
    code, said = desk.check(name)
    assert (code, "the time for disputes is over" in said) == (0, True)


def test_a_case_of_nothing_or_of_another_protocol_does_not_fit(desk: Desk) -> None:
    told = desk.case()
    name = desk.said(told)
    (seen,) = told.sightings
    gone = (msgspec.structs.replace(seen, withdrawn=True),)
    desk.tell(msgspec.structs.replace(told, sightings=gone))
    code, said = desk.check(name)
    assert (code, "no alert of it stands" in said) == (1, True)
    with pytest.raises(ConfigurationError, match=r"no alert of it stands.*lose the bond"):
        asked("assertion", told.id)

    other = desk.case(id="e" * 64, protocol="orchard")
    desk.tell(other)
    code, said = desk.check(desk.said(other))
    assert (code, "the case is of orchard, the cover of another protocol" in said) == (1, True)


def test_a_contract_that_is_no_cover_is_said_to_be_none(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match="as a ParametricCover does"):
        asked("check-assertion", desk.feed.address, "0x" + "ab" * 32)
    with pytest.raises(ConfigurationError, match="ID"):
        asked("check-assertion", desk.pool.address, "0xab")
