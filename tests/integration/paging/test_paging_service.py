"""An alert becomes a case, the case wakes people, one of them has it, and then it is quiet."""

import base64
import json
import re
import sys
from pathlib import Path

import pytest

from runtime.broker import Producer
from runtime.kafka import KafkaBroker
from runtime.signatures import generate
from sandbox.process import ChildProcess
from schemas.codec import encode
from schemas.topics import ALERTS, READINESS, TOPICS
from tests.integration.incidents.running import Place, incidents, newest_cases
from tests.integration.paging.ears import mailbox, webhooks
from tests.unit.incidents.builders import alert, incident
from tests.unit.paging.stand import readiness
from tests.waiting import until

pytestmark = pytest.mark.kafka

FIREBREAK = str(Path(sys.executable).with_name("firebreak"))


def write_alert(producer: Producer, number: int, protocol: str) -> None:
    record = alert(number, protocol=protocol, severity="critical")
    producer.send(ALERTS.name, encode(record), key=protocol.encode())
    producer.flush()


def test_who_is_woken_by_what_until_somebody_has_it(
    broker: KafkaBroker, bootstrap: str, namespace: str, tmp_path: Path
) -> None:
    broker.create(TOPICS.values())
    key = generate(tmp_path / "people", "alice")
    with webhooks() as hooks, mailbox() as box:
        address = tmp_path / "mail"
        address.touch(mode=0o600)
        address.write_text(box.url)
        ladder = [{"after": 0, "tell": ["chat", "mail"]}, {"after": 2, "tell": ["lead"]}]
        environment = {
            "FIREBREAK_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "FIREBREAK_KAFKA__NAMESPACE": namespace,
            "FIREBREAK_PAGING__PEOPLE_KEYS": str(tmp_path / "people"),
            "FIREBREAK_PAGING__URLS": json.dumps({n: hooks.url(n) for n in ("chat", "lead")}),
            "FIREBREAK_PAGING__CHANNELS": json.dumps({"mail": str(address)}),
            "FIREBREAK_PAGING__LADDERS": json.dumps({"critical": ladder}),
            "FIREBREAK_PAGING__REPEAT_SECONDS": "1",
            "FIREBREAK_PAGING__WATCH": "[]",
            "FIREBREAK_PAGING__NEWEST_SECONDS": str(10**9),  # the block is of 2023
        }

        def run(name: str, *arguments: str) -> ChildProcess:
            log = tmp_path / f"{name}.log"
            return ChildProcess([FIREBREAK, *arguments], log, environment=environment)

        place = Place(bootstrap, namespace, tmp_path)
        pager = run("page", "page")
        people = {"FIREBREAK_PAGING__PEOPLE_KEYS": str(tmp_path / "people")}
        with incidents(place, **people):
            producer = broker.producer()
            write_alert(producer, 1, "meadow")
            until(lambda: hooks.of("chat") and box.mails and len(hooks.of("lead")) >= 2)
            assert len(hooks.of("chat")) == 1
            assert "critical: meadow on eip155:1: alert 1: price moved" in hooks.of("chat")[0]
            assert len(box.mails) == 1
            assert "price moved" in readable(box.mails[0])

            case = incident(1, "meadow")
            unsigned = run("unsigned", "acknowledge", case[:12], "--by", "mallory")
            assert unsigned.wait(60) == 0, unsigned.tail()
            signed = run("ack", "acknowledge", case[:12], "looking at it", "--key", str(key))
            assert signed.wait(60) == 0, signed.tail()
            until(lambda: any("alice has it in hand" in told for told in hooks.of("lead")))
            (kept,) = (c for c in newest_cases(broker).values() if c.id == case)
            assert kept.acknowledged is not None
            assert (kept.acknowledged.by, kept.acknowledged.words) == ("alice", "looking at it")

            record = readiness("grove", pause="the gate lacks the role")
            producer.send(READINESS.name, encode(record), key=b"grove")
            producer.flush()
            told_of = (
                "grove on eip155:1: the brake pause would not work now: the gate lacks the role"
            )
            until(lambda: any(told_of in told for told in hooks.of("chat")))

            told = len(hooks.of("lead")), len(hooks.of("chat")), len(box.mails)
            pager.kill()
            pager = run("page-again", "page")
            write_alert(producer, 2, "brook")
            until(lambda: "brook" in hooks.of("lead")[-1] and "told 2" in hooks.of("lead")[-1])
            since = hooks.of("lead")[told[0] :] + hooks.of("chat")[told[1] :]
            assert not any("meadow" in words for words in since)
            assert pager.stop() == 0, pager.tail()
            producer.close()
        logs = "".join(path.read_text() for path in tmp_path.glob("page*.log"))
        assert "/chat" not in logs
        assert "oncall@example.org" not in logs


def readable(mail: str) -> str:
    """A mail, with what is in base64 decoded."""
    parts = re.findall(r"(?:^[A-Za-z0-9+/=]{40,}\r?\n)+", mail, re.MULTILINE)
    return mail + "".join(base64.b64decode(part).decode(errors="replace") for part in parts)
