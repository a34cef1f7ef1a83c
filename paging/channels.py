"""Channels: chats, pagers, mail and webhooks, all through Apprise. Their addresses are secrets."""

import logging
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import unquote, urlsplit

import apprise
from apprise.plugins.pagerduty import NotifyPagerDuty
from pydantic import SecretStr

from paging.pagerduty import PagerDutyChannel
from paging.words import ROOM, Message
from runtime.logs import Forwarding, conceal
from runtime.secrets import secret_in
from runtime.settings_paging import PagingSettings
from schemas.errors import ConfigurationError


class Channel(Protocol):
    """One way to people."""

    @property
    def room(self) -> int:
        """How many characters one message may have, its title's among them."""
        ...

    @property
    def apart(self) -> bool:
        """Whether it keeps an incident of each thing, and so is told of one at a time."""
        ...

    def tell(self, message: Message) -> bool:
        """Deliver a message and say whether it was taken. May take seconds; raises nothing that it
        foresees. What was told may be told again."""
        ...


class AppriseChannel:
    """What an address of any other service stands for."""

    apart = False

    def __init__(self, sender: apprise.Apprise) -> None:
        self._sender = sender

    @property
    def room(self) -> int:
        """What the service takes: one that is too long it refuses, or cuts where it likes."""
        return min((ROOM, *(one.body_maxlen for one in self._sender)))

    def tell(self, message: Message) -> bool:
        """Deliver a message and say whether it was taken."""
        return bool(
            self._sender.notify(
                body=message.body,
                title=message.title,
                notify_type=apprise.NotifyType(message.tone),
                body_format=apprise.NotifyFormat.TEXT,
            )
        )


def channel(name: str, address: SecretStr) -> Channel:
    """Return what one Apprise address stands for.

    Raises `ConfigurationError` when Apprise does not know such an address, or PagerDuty is one of
    several that it names.
    """
    url = address.get_secret_value()
    _conceal_parts(url)
    sender = apprise.Apprise()
    if not sender.add(url):
        raise ConfigurationError(
            f"channel {name}: Apprise does not understand its address (it is not shown here); "
            "see https://github.com/caronc/apprise/wiki"
        )
    if not any(isinstance(one, NotifyPagerDuty) for one in sender):
        return AppriseChannel(sender)
    parts = NotifyPagerDuty.parse_url(url)
    if len(sender) > 1 or parts is None:
        raise ConfigurationError(f"channel {name}: PagerDuty needs a channel of its own")
    return PagerDutyChannel(parts)


def channels(settings: PagingSettings) -> Mapping[str, Channel]:
    """Return every channel by name.

    Raises `ConfigurationError` for one that is named twice, cannot be read or is not understood.
    """
    twice = sorted(settings.channels.keys() & settings.urls.keys())
    if twice:
        raise ConfigurationError(f"paging.channels and paging.urls both name {', '.join(twice)}")
    library = logging.getLogger("apprise")
    library.handlers, library.propagate = [Forwarding()], False
    addresses = {name: secret_in(path) for name, path in settings.channels.items()}
    return {name: channel(name, address) for name, address in (addresses | settings.urls).items()}


def _conceal_parts(url: str) -> None:
    """Mask an address in all that is ever logged: whole, and each part that may be a key."""
    conceal(url)
    parts = urlsplit(url)
    pieces = [parts.username, parts.password, *parts.path.split("/"), *parts.query.split("&")]
    for piece in pieces:
        for text in (piece or "", *(piece or "").split(":"), (piece or "").partition("=")[2]):
            conceal(text)
            conceal(unquote(text))
