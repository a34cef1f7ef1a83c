import json
import os
from pathlib import Path
from typing import Any

import pytest

from runtime.logs import MASK
from runtime.settings import Settings, load
from runtime.settings_shown import shown
from schemas.errors import ConfigurationError

SECRETS = {
    "FIREBREAK_KAFKA__SASL_PASSWORD": "hunter2-sasl",
    "FIREBREAK_KAFKA__SSL_KEY_PASSWORD": "hunter2-ssl",
    "FIREBREAK_RESPOND__KEYSTORE_PASSWORD": "hunter2-keystore",
    "FIREBREAK_EVM__ENDPOINTS": "https://user:hunter2-user@node.example/v3/hunter2-path?k=hunter2",
    "FIREBREAK_RESPOND__ENDPOINTS": "https://node.example/hunter2-brake",
    "FIREBREAK_KAFKA__OPTIONS": json.dumps(
        {
            "sasl.oauthbearer.client.secret": "hunter2-oauth",
            "ssl.key.pem": "hunter2-pem",
            "linger.ms": "7",
        }
    ),
}


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Start from an environment and a folder that set nothing."""
    for name in list(os.environ):
        if name.startswith(("FIREBREAK", "KAFKA_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _origins(flags: dict[str, Any] | None = None) -> dict[str, str]:
    return {row.name: row.origin for row in shown(load(flags), flags or {})}


def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("firebreak.toml").write_text(
        '[kafka]\nreplication = 2\nnamespace = "file."\nsasl_username = "file"\n'
    )
    monkeypatch.setenv("FIREBREAK_KAFKA__NAMESPACE", "variable.")
    monkeypatch.setenv("FIREBREAK_KAFKA__SASL_USERNAME", "variable")
    flags = {"kafka": {"sasl_username": "flag"}}

    kafka = load(flags).kafka

    assert (kafka.sasl_username, kafka.namespace, kafka.replication) == ("flag", "variable.", 2)
    assert kafka.bootstrap_servers == "127.0.0.1:9092"
    origins = _origins(flags)
    assert origins["kafka.sasl_username"] == "flag"
    assert origins["kafka.namespace"] == "FIREBREAK_KAFKA__NAMESPACE"
    assert origins["kafka.replication"] == "firebreak.toml"
    assert origins["kafka.bootstrap_servers"] == "default"


def test_the_variable_of_every_kafka_tool_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("firebreak.toml").write_text('[kafka]\nbootstrap_servers = "file:1"\n')
    assert load().kafka.bootstrap_servers == "file:1"

    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "common:2")
    assert load().kafka.bootstrap_servers == "common:2"
    assert _origins()["kafka.bootstrap_servers"] == "KAFKA_BOOTSTRAP_SERVERS"

    monkeypatch.setenv("FIREBREAK_KAFKA__BOOTSTRAP_SERVERS", "own:3")
    assert load().kafka.bootstrap_servers == "own:3"
    assert load({"kafka": {"bootstrap_servers": "flag:4"}}).kafka.bootstrap_servers == "flag:4"


def test_an_empty_variable_of_every_kafka_tool_sets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "")

    assert load().kafka.bootstrap_servers == "127.0.0.1:9092"


def test_a_whole_group_in_one_variable_is_named_for_what_it_sets_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA", '{"replication": 3}')

    assert load().kafka.replication == 3
    assert _origins()["kafka.replication"] == "FIREBREAK_KAFKA"
    assert _origins()["kafka.namespace"] == "default"


@pytest.mark.parametrize("text", ["a:1,b:2", " a:1 , b:2 ,", '["a:1", "b:2"]'])
def test_a_list_is_written_with_commas_or_as_json(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("FIREBREAK_EVM__ENDPOINTS", text)
    monkeypatch.setenv("FIREBREAK_DETECT__ALLOWED", text)

    assert load().evm.endpoints == load().detect.allowed == ("a:1", "b:2")


def test_an_empty_list_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_DETECT__ALLOWED", "")

    assert load().detect.allowed == ()


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("FIREBREAK_KAFKA__REPLICATION", "hunter2", "setting kafka.replication: .*integer"),
        ("FIREBREAK_KAFKA__REPLICATION", "0", "kafka.replication: .*greater than or equal to 1"),
        ("FIREBREAK_KAFKA__REPLICAS", "1", "setting kafka.replicas: there is no such setting"),
        ("FIREBREAK_KAFAK__REPLICATION", "1", "there are no 'kafak' settings, only .*kafka"),
        ("FIREBREAK_KAFKA__OPTIONS", "hunter2", "a table is written as JSON"),
        ("FIREBREAK_KAFKA", "hunter2", "a table is written as JSON"),
        ("FIREBREAK_KAFKA__NAMESPACE", "a b", "setting kafka.namespace"),
        ("FIREBREAK_DETECT__SETS", '{"a/b": ["x"]}', "setting detect.sets"),
        ("FIREBREAK_FINALITY", '{"eip155:1": -1}', "setting finality.eip155:1"),
        ("FIREBREAK_RESPOND__ARMED", "hunter2", "setting respond.armed"),
        ("FIREBREAK_EVM__ENDPOINTS", "[hunter2", "setting evm.endpoints"),
    ],
)
def test_a_wrong_setting_is_named_with_its_variable_and_not_with_its_value(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, told: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(ConfigurationError, match=told) as refused:
        load()

    assert variable in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "hunter2" not in str(refused.value.__cause__)


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("firebreak.toml").write_text('mood = 1\n[log]\nlevel = "LOUD"\n')
    monkeypatch.setenv("FIREBREAK_HEALTH__PORT", "99999")

    with pytest.raises(ConfigurationError) as refused:
        load({"kafka": {"replication": 0}})

    port, replication, level, mood = sorted(str(refused.value).splitlines())
    assert port.startswith("setting health.port: Input should be less than or equal to 65535")
    assert port.endswith("(from FIREBREAK_HEALTH__PORT)")
    assert replication.endswith("greater than or equal to 1 (from flag)")
    assert level.endswith("'DEBUG', 'INFO', 'WARNING' or 'ERROR' (from firebreak.toml)")
    assert mood == "setting mood: there is no such setting (from firebreak.toml)"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"[kafka\n", r"firebreak\.toml: .*line 1"),
        (b"\xff", r"firebreak\.toml: not UTF-8 at byte 0"),
        (b"x = " + b"[" * 5000, r"firebreak\.toml"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, told: str) -> None:
    Path("firebreak.toml").write_bytes(content)

    with pytest.raises(ConfigurationError, match=told):
        load()


def test_a_file_that_was_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIREBREAK_CONFIG", "elsewhere.toml")

    with pytest.raises(ConfigurationError, match=r"elsewhere\.toml, which does not exist"):
        load()
    Path("elsewhere.toml").mkdir()
    with pytest.raises(ConfigurationError, match=r"elsewhere\.toml.*directory"):
        load()


def test_variables_of_other_things_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIREBREAK_KAFKA_HOME", "FIREBREAK_ANVIL", "FIREBREAK_DATA"):
        monkeypatch.setenv(name, "somewhere")

    load()


def _secretive(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return load()


def test_secrets_are_used_but_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = _secretive(monkeypatch)

    options = settings.kafka.librdkafka()
    assert options["sasl.password"] == "hunter2-sasl"
    assert options["ssl.key.password"] == "hunter2-ssl"
    assert options["sasl.oauthbearer.client.secret"] == "hunter2-oauth"
    assert options["linger.ms"] == "7"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)
    rows = {row.name: row.value for row in shown(settings, {})}
    assert "hunter2" not in repr(rows)
    assert rows["kafka.sasl_password"] == MASK
    assert rows["kafka.options"] == (
        f"sasl.oauthbearer.client.secret={MASK}, ssl.key.pem={MASK}, linger.ms=7"
    )
    assert rows["evm.endpoints"] == "https://node.example/…"


def test_secrets_are_not_shown_when_something_else_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA__REPLICATION", "0")

    with pytest.raises(ConfigurationError) as refused:
        _secretive(monkeypatch)

    assert "hunter2" not in f"{refused.value}{refused.value.__cause__!r}"


def test_every_setting_is_shown_with_its_origin() -> None:
    rows = list(shown(load(), {}))

    assert {row.origin for row in rows} == {"default"}
    assert len({row.name for row in rows}) == len(rows)
    assert {row.name.split(".")[0] for row in rows} == set(Settings.model_fields)


def test_kafka_s_options_are_named_as_librdkafka_names_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREBREAK_KAFKA__SECURITY_PROTOCOL", "sasl_ssl")
    monkeypatch.setenv("FIREBREAK_KAFKA__SSL_CA_LOCATION", "/ca.pem")
    monkeypatch.setenv("FIREBREAK_KAFKA__SASL_MECHANISM", "SCRAM-SHA-512")

    assert load().kafka.librdkafka() == {
        "bootstrap.servers": "127.0.0.1:9092",
        "security.protocol": "sasl_ssl",
        "ssl.ca.location": "/ca.pem",
        "sasl.mechanism": "SCRAM-SHA-512",
    }


def test_finality_given_for_one_chain_leaves_the_others_as_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FIREBREAK_FINALITY", '{"eip155:31337": 3, "eip155:1": 32}')

    settings = load()

    found = [settings.finality_of(f"eip155:{number}") for number in (31337, 1, 137, 10)]
    assert found == [3, 32, 128, 64]


def test_it_starts_disarmed() -> None:
    assert load().respond.armed is False
