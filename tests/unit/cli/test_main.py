from collections.abc import Callable, Iterator

import pytest
import structlog

from cli import main
from schemas.errors import (
    ConfigurationError,
    PoisonRecordError,
    TransientError,
    UnsafeToContinueError,
)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _raising(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (PoisonRecordError, 2),
        (ConfigurationError, 2),
        (TransientError, 3),
        (UnsafeToContinueError, 4),
        (KeyboardInterrupt, 130),
        (ConnectionError, 70),
    ],
)
def test_how_it_ended_is_told_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: type[BaseException],
    code: int,
) -> None:
    monkeypatch.setattr(main, "app", _raising(error("no answer from https://u:KEY@node/KEY")))

    with pytest.raises(SystemExit) as ended:
        main.main()

    shown = capsys.readouterr()
    assert ended.value.code == code
    assert shown.out == ""
    assert "KEY" not in shown.err.replace("KeyboardInterrupt", "")
    assert error is KeyboardInterrupt or "https://node/…" in shown.err
