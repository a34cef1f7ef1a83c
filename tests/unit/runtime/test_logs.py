import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pydantic import SecretStr

from runtime import logs
from runtime.logs import MASK, looks_secret, redacted, without_credentials


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process' logging as it was."""
    kafka = logging.getLogger(logs.KAFKA_LIBRARY)
    handlers, propagate = kafka.handlers, kafka.propagate
    yield
    kafka.handlers, kafka.propagate = handlers, propagate
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.mark.parametrize(
    "name",
    ["password", "sasl.password", "SSL_KEY_PASSWORD", "client_secret", "private_key", "mnemonic",
     "api_key", "apiKey", "api-key", "access_token", "Authorization", "ssl.key.pem", "passphrase"],
)  # fmt: skip
def test_a_name_that_looks_secret_is_one(name: str) -> None:
    assert looks_secret(name)


@pytest.mark.parametrize("name", ["token", "tokens", "key", "partition", "endpoint", "signing_key"])
def test_a_name_of_our_trade_is_no_secret(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
        ("https://user:pw@node.example:8545/v3/KEY?x=KEY", "https://node.example:8545/…"),
        ("wss://node.example/KEY", "wss://node.example/…"),
        ("https://node.example?k=KEY", "https://node.example/…"),
        ("https://node.example#KEY", "https://node.example/…"),
        ("http://[::1]:8545/KEY", "http://[::1]:8545/…"),
        ("http://node.example:notaport/KEY", "http://node.example:notaport/…"),
        ("http://[broken/KEY", MASK),
        ("/run/node.ipc", "/run/node.ipc"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_what_may_be_a_key(address: str, shown: str) -> None:
    assert without_credentials(address) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no answer from https://u:KEY@h:1/KEY.", "no answer from https://h:1/…"),
        ("'wss://h/KEY', (http://h/KEY)", "'wss://h/…', (http://h/…)"),
        (
            "HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /v3/KEY (x)",
            "HTTPSConnectionPool(host='h', port=443): Max retries exceeded with url: /… (x)",
        ),
        ("sasl.password=KEY, x=1", f"sasl.password={MASK}, x=1"),
        ("{'keystore_password': 'KEY'}", f"{{'keystore_password': '{MASK}'}}"),
        ("block 7 at 0xab", "block 7 at 0xab"),
    ],
)
def test_a_text_is_shown_without_what_may_be_a_key(text: str, shown: str) -> None:
    assert redacted(text) == shown


class Odd:
    def __repr__(self) -> str:
        return "Odd(https://node.example/KEY)"


def _fail() -> None:
    raise ConnectionError("https://user:KEY@node.example/KEY is down")


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_log_never_shows_a_secret(style: logs.Format, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("respond", "INFO", style)
    log = logs.logger("somewhere")

    log.info(
        "at https://node.example/KEY", password="KEY", nested={"a": [{"sasl.password": "KEY"}]}
    )
    log.warning(
        "sent", where=("wss://h/KEY", Odd()), key=SecretStr("KEY"), why=OSError("http://h/KEY")
    )
    try:
        _fail()
    except ConnectionError:
        log.exception("failed")

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "KEY" not in shown.err
    assert "node.example" in shown.err
    assert "ConnectionError" in shown.err


def test_a_line_is_one_json_object_that_names_the_service(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure("detect")

    logs.logger("detectors.host").info("scored", token="0xab", count=3, share=0.5, none=None)
    logs.logger("detectors.host").debug("unheard")

    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert found.pop("timestamp").endswith("Z")
    assert found == {
        "service": "detect", "module": "detectors.host", "level": "info", "event": "scored",
        "token": "0xab", "count": 3, "share": 0.5, "none": None,
    }  # fmt: skip


def test_what_librdkafka_says_is_a_line_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("ingest")

    logging.getLogger(logs.KAFKA_LIBRARY).error("FAIL [thrd]: %s", "Connection refused")

    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert (found["module"], found["level"]) == ("librdkafka", "error")
    assert found["event"] == "FAIL [thrd]: Connection refused"
