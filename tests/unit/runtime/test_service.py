import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import structlog

from runtime.service import running
from runtime.settings import Settings, load
from schemas.errors import TransientError


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return load()


def _events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_the_work_to_end(
    settings: Settings, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    before = signal.getsignal(number)

    with running("detect", settings) as service:
        assert not service.stop.is_set()
        os.kill(os.getpid(), number)
        assert service.stop.wait(10)

    assert signal.getsignal(number) is before
    last = _events(capsys.readouterr().err)[-1]
    assert (last["event"], last["asked_by"]) == ("stopped", [number.name])


def test_a_second_signal_ends_it_at_once(settings: Settings) -> None:
    def insist() -> None:
        with running("detect", settings) as service:
            os.kill(os.getpid(), signal.SIGINT)
            service.stop.wait(10)
            os.kill(os.getpid(), signal.SIGINT)
            service.stop.clear()
            service.stop.wait(10)

    with pytest.raises(KeyboardInterrupt):
        insist()


def test_its_health_is_answered_while_it_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    with running("detect", settings) as service:
        service.health.beat()
        (started,) = _events(capsys.readouterr().err)
        with urlopen(f"http://{started['health']}/readyz", timeout=10) as answer:
            assert answer.read() == b"ok\n"


def test_what_ended_it_is_logged_and_raised(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        with running("detect", settings):
            raise TransientError("no answer from https://node.example/KEY")

    with pytest.raises(TransientError):
        fail()

    shown = capsys.readouterr().err
    names = [event["event"] for event in _events(shown)]
    assert names == ["started", "failed", "stopped"]
    assert "KEY" not in shown
