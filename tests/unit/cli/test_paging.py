"""`firebreak page --try` as a person types it."""

import json
import logging
import os
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.integration.paging.ears import webhooks


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.startswith(("FIREBREAK", "KAFKA_")):
            monkeypatch.delenv(name)
    yield
    library = logging.getLogger("apprise")
    library.handlers, library.propagate = [], True


def test_each_channel_says_whether_it_took_a_test_message(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhooks() as hooks:
        urls = {"chat": hooks.url("chat"), "dead": "json://127.0.0.1:1/x?cto=1&rto=1"}
        monkeypatch.setenv("FIREBREAK_PAGING__URLS", json.dumps(urls))
        monkeypatch.setenv("FIREBREAK_PAGING__LADDERS", '{"critical": [{"tell": ["chat"]}]}')
        found = CliRunner().invoke(app, ["page", "--try"])
        assert found.output.splitlines()[-2:] == ["chat: taken", "dead: failed"]
        assert found.exit_code == 1
        assert "this channel works" in hooks.of("chat")[0]
