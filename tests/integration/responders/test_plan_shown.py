"""What a real responder says of its plan, as the console's page of brakes shows it."""

import json
import re

import pytest
from eth_account import Account

from runtime.broker import Message
from runtime.kafka import KafkaBroker
from schemas.topics import READINESS
from tests.integration.incidents.running import everything
from tests.integration.responders.serving import Run, Setting, running, until
from tests.unit.console.scene import Console

pytestmark = [pytest.mark.node, pytest.mark.kafka]


def shown(broker: KafkaBroker) -> str:
    """Read the topic as the console does, and return the text of /plans."""
    console = Console()
    told: list[Message] = everything(broker, READINESS)
    for message in told:
        console.show(console.desk.trust.read(message).record)
    page = console.sign_in("vic").get("/plans")
    assert page.status_code == 200
    return " ".join(re.sub(r"<[^>]*>", " ", page.text).split())


def test_an_armed_plan_is_shown_with_its_rehearsal_budget_and_heartbeat(
    setting: Setting, run: Run, broker: KafkaBroker
) -> None:
    place = setting.place
    key = place.world.accounts["heartbeat"].signer.key
    keystore, password = setting.folder / "heartbeat.json", setting.folder / "heartbeat.password"
    for path, text in (
        (keystore, json.dumps(Account.encrypt(key, "secret", iterations=2))),
        (password, "secret\n"),
    ):
        path.write_text(text)
        path.chmod(0o600)
    process = run(
        "--armed",
        FIREBREAK_RESPOND__HEARTBEAT_KEYSTORE=str(keystore),
        FIREBREAK_RESPOND__HEARTBEAT_PASSWORD_FILE=str(password),
    )
    with running(process):
        until(lambda: "rehearsed at" in shown(broker))
        before = shown(broker)
        assert "No responder has said anything yet" not in before
        assert "Armed ● yes: brakes are signed and sent" in before
        assert "Heartbeat none since the responder started" in before
        assert "unless a heartbeat renews it" in before
        (left, of), *others = re.findall(r"(\d+) of (\d+) brakes? left in", before)
        assert (left, others) == (of, [])
        assert "pause-pool ✓ rehearsed at" in before

        setting.publish(place.alert(1))
        until(lambda: setting.actions.states()[-1:] == ["broadcast"])
        setting.mine_until("final")
        until(lambda: f"{int(of) - 1} of {of} brake" in shown(broker))
        place.hands.mine(place.hands.read(place.world.gate, "ttl")[0] // 2)

        def beaten() -> bool:
            place.hands.mine()
            return "Heartbeat last mined" in shown(broker)

        until(beaten)
