"""`firebreak signer` beside `firebreak respond`: the process that decides holds no key."""

import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from runtime.kafka import KafkaBroker
from sandbox.process import ChildProcess
from schemas.changes import Configuration
from schemas.codec import decode
from schemas.topics import CHANGES
from tests.integration.incidents.running import everything
from tests.integration.responders.place import Place
from tests.integration.responders.serving import PATIENCE, Setting, running, until

pytestmark = [pytest.mark.node, pytest.mark.kafka]

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))


class Pair:
    """A signer and a responder, each with what it needs and no more."""

    def __init__(self, setting: Setting, bootstrap: str, namespace: str) -> None:
        self.setting, self.folder = setting, setting.folder
        self.socket = self.folder / "signer.sock"
        self._started: list[ChildProcess] = []
        (self.folder / "signer-home").mkdir(mode=0o700)
        for name in ("keystore.json", "password"):
            (self.folder / name).rename(self.folder / "signer-home" / name)
        own = setting.environment(bootstrap, namespace)
        self._responder = {name: v for name, v in own.items() if "__KEYSTORE" not in name} | {
            "FIREBREAK_RESPOND__SIGNER_SOCKET": str(self.socket)
        }

    def policy(self, call: str) -> None:
        gate = self.setting.place.world.gate.address
        path = self.folder / "signer-home" / "policy.toml"
        path.write_text(
            f'chain = "eip155:{self.setting.place.world.chain_id}"\nfee_cap_gwei = 500\n'
            f"gas_cap = 1_000_000\nsignatures_per_hour = 20\n"
            f'[[allow]]\nto = "{gate}"\ncall = "{call}"\n'
        )
        path.chmod(0o600)

    def signer(self) -> ChildProcess:
        home = self.folder / "signer-home"
        return self._start(
            "signer",
            {
                "FIREBREAK_SIGNER__SOCKET": str(self.socket),
                "FIREBREAK_SIGNER__POLICY": str(home / "policy.toml"),
                "FIREBREAK_SIGNER__KEYSTORE": str(home / "keystore.json"),
                "FIREBREAK_SIGNER__KEYSTORE_PASSWORD_FILE": str(home / "password"),
            },
        )

    def started_signer(self) -> ChildProcess:
        signer = self.signer()
        with running(signer):
            until(lambda: self.socket.exists() or signer.status is not None)
            assert signer.status is None
        return signer

    def responder(self) -> ChildProcess:
        return self._start("respond", self._responder, "--armed")

    def _start(self, command: str, environment: dict[str, str], *more: str) -> ChildProcess:
        log = self.folder / f"{command}-{len(self._started)}.log"
        self._started.append(
            ChildProcess([FIREBREAK, command, *more], log, environment=environment)
        )
        return self._started[-1]

    def close(self) -> None:
        for process in self._started:
            process.kill()


@pytest.fixture
def pair(
    place: Place, broker: KafkaBroker, bootstrap: str, namespace: str, tmp_path: Path
) -> Iterator[Pair]:
    setting = Setting(place, broker, tmp_path)
    pair = Pair(setting, bootstrap, namespace)
    yield pair
    pair.close()
    setting.close()


def test_a_brake_is_signed_by_the_process_that_has_the_key(pair: Pair, broker: KafkaBroker) -> None:
    broker.create((CHANGES,))
    pair.policy("brake(bytes32,uint64,address,bytes)")
    signer = pair.started_signer()
    responder = pair.responder()
    pair.setting.publish(pair.setting.place.alert(1))

    with running(responder):
        until(lambda: pair.setting.actions.states()[-1:] == ["broadcast"])
        pair.setting.mine_until("final")

    assert pair.setting.place.paused()
    assert len(pair.setting.place.brakes()) == 1
    key = pair.setting.place.world.accounts["responder"].signer.key.hex()
    for process in (signer, responder):
        said = process.log.read_text()
        assert key.removeprefix("0x") not in said
    assert "signed" in signer.log.read_text()
    policy = pair.folder / "signer-home" / "policy.toml"
    heard = [decode(one.value or b"", Configuration) for one in everything(broker, CHANGES)]
    begun = {one.service: one for one in heard if one.manifest is None}
    assert begun.keys() == {"respond", "signer"}
    assert begun["signer"].manifests == {"signer.policy": sha256(policy.read_bytes()).hexdigest()}
    assert begun["signer"].settings["signer.socket"] == str(pair.socket)
    assert responder.stop() == 0
    assert signer.stop() == 0
    assert not pair.socket.exists()


@pytest.mark.slow
def test_what_the_signer_does_not_allow_is_known_before_it_is_needed_and_never_sent(
    pair: Pair,
) -> None:
    pair.policy("pause()")
    signer = pair.started_signer()
    responder = pair.responder()

    def told(what: str) -> bool:
        return what in responder.log.read_text()

    with running(responder):
        until(lambda: told("brake_not_ready"))
        assert told("is not on the signer's allow-list")
        pair.setting.publish(pair.setting.place.alert(1))
        until(lambda: told("brake_waits"))
        until(lambda: pair.setting.actions.states() == ["proposed", "authorised"])
    assert responder.status is None, "the brakes of other protocols go on"
    assert pair.setting.place.pending() == {}

    signer.stop()
    pair.policy("brake(bytes32,uint64,address,bytes)")
    pair.started_signer()
    pair.setting.place.hands.mine()
    with running(responder):
        until(lambda: pair.setting.actions.states()[-1:] == ["broadcast"])
        pair.setting.mine_until("final")
    assert pair.setting.place.paused(), "it was mended in time"


@pytest.mark.slow
def test_without_its_signer_an_armed_responder_does_not_start(pair: Pair) -> None:
    responder = pair.responder()
    assert responder.wait(PATIENCE) == 3
    assert "firebreak signer" in responder.tail()
