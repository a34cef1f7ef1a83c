"""PagerDuty: one incident for each thing that people are told of, by its deduplication key.

What is told again updates its incident, whoever has it in hand acknowledges it, its end resolves it
and no other. Apprise reads the address and sends; what it has no word for, acknowledging, is sent
here, as https://developer.pagerduty.com/docs/send-alert-event describes it.
"""

import time
from typing import Any

import apprise
import requests
from apprise.plugins.pagerduty import PAGERDUTY_API_LOOKUP, NotifyPagerDuty

from paging.words import ROOM, Message

PACE = 0.5
"""Seconds after an event: a service of PagerDuty's takes 120 of them in a minute."""


class PagerDutyChannel:
    """What one pagerduty:// address stands for; a key or an action that it names is not used."""

    apart = True

    def __init__(self, parts: dict[str, Any]) -> None:
        """`parts` as Apprise reads the address."""
        self._parts = parts
        self.room = min(ROOM, NotifyPagerDuty.body_maxlen)

    def tell(self, message: Message) -> bool:
        """Deliver a message to each incident that it is about; say whether all of them took it."""
        taken = [self._send(message, key) for key in message.keys]
        return all(taken)

    def _send(self, message: Message, key: str) -> bool:
        acknowledge = message.step == "acknowledge"
        step = {"dedup": key, "action": "trigger" if acknowledge else message.step}
        # A new one for each event: with one alone Apprise would wait 5.5 s between two.
        service = NotifyPagerDuty(**self._parts | step)
        taken = _acknowledge(service, key) if acknowledge else _notify(service, message)
        time.sleep(PACE)
        return taken


def _notify(service: NotifyPagerDuty, message: Message) -> bool:
    sender = apprise.Apprise()
    sender.add(service)
    return bool(
        sender.notify(
            body=message.body,
            title=message.title,
            notify_type=apprise.NotifyType(message.tone),
            body_format=apprise.NotifyFormat.TEXT,
        )
    )


def _acknowledge(service: NotifyPagerDuty, key: str) -> bool:
    event = {
        "routing_key": service.integration_key,
        "event_action": "acknowledge",
        "dedup_key": key,
    }
    try:
        answer = requests.post(
            PAGERDUTY_API_LOOKUP[service.region_name],
            json=event,
            timeout=service.request_timeout,
            verify=service.verify_certificate,
            allow_redirects=False,
        )
    except requests.RequestException:
        return False
    return answer.ok
