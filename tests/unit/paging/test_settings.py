from pathlib import Path

import pytest
from pydantic import SecretStr

from paging.channels import channels
from paging.ladders import ladders
from runtime.settings_paging import PagingSettings, Rung
from schemas.errors import ConfigurationError

PHONE = {"phone": SecretStr("json://127.0.0.1:1/x")}


def settings(**parts: object) -> PagingSettings:
    usual: dict[str, object] = {"urls": PHONE, "ladders": {"critical": (Rung(tell=("phone",)),)}}
    return PagingSettings.model_validate(usual | parts)


def test_a_silent_service_is_as_grave_as_a_critical_case() -> None:
    by_severity, silence = ladders(settings())
    assert silence == by_severity["critical"]


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"ladders": {}}, "nobody would be told"),
        ({"ladders": {"high": (Rung(tell=("phone",)),)}}, "nobody would be told"),
        ({"ladders": {"critical": (Rung(tell=("fone",)),)}}, "no such channel"),
        ({"ladders": {"critical": (Rung(tell=()),)}}, "tells nobody"),
        (
            {"ladders": {"critical": (Rung(after=9, tell=("phone",)), Rung(tell=("phone",)))}},
            "not in the order",
        ),
    ],
)
def test_a_ladder_that_reaches_nobody_is_refused(parts: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        ladders(settings(**parts))


def test_an_address_that_is_none_is_refused_and_not_shown() -> None:
    bad = {"phone": SecretStr("nonsense://very-secret-word")}
    with pytest.raises(ConfigurationError, match="channel phone") as error:
        channels(settings(urls=bad))
    assert "very-secret-word" not in str(error.value)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "chat"
    path.write_text("json://127.0.0.1:1/x\n")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        channels(settings(channels={"chat": path}))
    path.chmod(0o600)
    assert set(channels(settings(channels={"chat": path}))) == {"chat", "phone"}
    with pytest.raises(ConfigurationError, match="both name phone"):
        channels(settings(channels={"phone": path}))
