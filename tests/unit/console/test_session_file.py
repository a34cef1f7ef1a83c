"""Sessions that outlive the console's process: who is still in, and who is not."""

import json
from pathlib import Path

import pytest

from console.people import Person, Role, Roster
from console.session_file import SessionFile
from console.sessions import SAVE_SECONDS, Sessions
from schemas.errors import ConfigurationError
from tests.people import wallet
from tests.unit.console.scene import Clock, settings

ISSUER = "https://login.example.org"
ROLES = {"oidc_issuer": ISSUER, "groups": {"oncall": "responder"}}
ANA = Person("ana", Role.APPROVER, f"eip155:1:{wallet('ana').address.lower()}")
REA = Person("rea", Role.RESPONDER, f"oidc:{ISSUER}#sub-rea")
GROUPED = Person("oidc:x9", Role.RESPONDER, f"oidc:{ISSUER}#x9")


class House:
    """Consoles, one after the other, on one file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "console" / "sessions.json"
        self.clock = Clock()

    def opened(self, **own: object) -> Sessions:
        roster = Roster(settings(**(ROLES | own)))
        return Sessions(self.clock, 600, 3600, SessionFile(self.path, self.clock, roster))

    def started_again(self, **own: object) -> Sessions:
        """After a restart the monotonic clock counts from elsewhere."""
        wall = self.clock.now_ns() / 1e9

        class Later(Clock):
            def now_ns(self) -> int:
                return int((wall + self.seconds - 5.0) * 1e9)

        self.clock = Later(5.0)
        return self.opened(**own)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def who(sessions: Sessions, cookie: str) -> Person | None:
    found = sessions.find(cookie)
    return None if found is None else found.person


def test_whoever_was_in_is_still_in_with_the_same_forms(house: House) -> None:
    sessions = house.opened()
    cookies = {person.name: sessions.begin(person) for person in (ANA, REA, GROUPED)}
    visitor, _ = sessions.begin()
    again = house.started_again()
    for person in (ANA, REA, GROUPED):
        cookie, before = cookies[person.name]
        found = again.find(cookie)
        assert found is not None
        assert (found.person, found.name) == (person, before.name)
        assert found.accepts(before.csrf)
    assert again.find(visitor) is None, "who had not signed in begins anew"


def test_the_file_lets_nobody_in_and_nobody_else_reads_it(house: House) -> None:
    cookie, _ = house.opened().begin(ANA)
    text = house.path.read_text()
    assert cookie not in text
    assert house.path.stat().st_mode & 0o777 == 0o600
    (stolen,) = json.loads(text)
    assert house.opened().find(stolen) is None
    house.path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="chmod 600"):
        house.opened()


def test_time_goes_on_while_nothing_runs(house: House) -> None:
    cookie, _ = house.opened().begin(ANA)
    house.clock.seconds += 590
    assert who(house.started_again(), cookie) == ANA
    cookie, _ = house.opened().begin(ANA)
    house.clock.seconds += 601
    assert house.started_again().find(cookie) is None, "it was idle"


def test_it_ends_at_last_however_often_it_was_started_again(house: House) -> None:
    cookie, _ = house.opened().begin(ANA)
    for _ in range(6):
        house.clock.seconds += 540
        sessions = house.started_again()
        assert who(sessions, cookie) == ANA
        sessions.turn()
        house.clock.seconds += SAVE_SECONDS
        sessions.turn()
    house.clock.seconds += 3600 - 6 * (540 + SAVE_SECONDS) + 1
    assert house.started_again().find(cookie) is None


def test_who_was_signed_out_stays_out(house: House) -> None:
    sessions = house.opened()
    out, _ = sessions.begin(ANA)
    ended, kept = sessions.begin(REA)
    sessions.end(out)
    assert sessions.end_named(kept.name)
    again = house.started_again()
    assert again.find(out) is None
    assert again.find(ended) is None
    assert json.loads(house.path.read_text()) == {}


def test_what_somebody_may_do_is_the_roster_s_to_say(house: House) -> None:
    sessions = house.opened()
    ana, _ = sessions.begin(ANA)
    rea, _ = sessions.begin(REA)
    grouped, _ = sessions.begin(GROUPED)
    fewer = [{"name": "ana", "role": "viewer", "wallets": [wallet("ana").address]}]
    again = house.started_again(people=fewer, groups={"oncall": "viewer"})
    found = who(again, ana)
    assert found is not None
    assert found.role is Role.VIEWER
    assert again.find(rea) is None, "nobody goes by that name any more"
    assert again.find(grouped) is None, "no group gives that role any more"
    assert house.started_again(oidc_issuer="https://other.example.org").find(rea) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": {"name": 1}}', '{"x": {}}'])
def test_a_file_that_cannot_be_read_signs_everybody_out(house: House, text: str) -> None:
    cookie, _ = house.opened().begin(ANA)
    house.path.write_text(text)
    assert house.opened().find(cookie) is None


@pytest.mark.parametrize("change", [{"began": 9e12}, {"seen": 9e12}, {"seen": 1.0}, {"role": 9}])
def test_times_and_roles_that_cannot_be_are_not_believed(
    house: House, change: dict[str, float]
) -> None:
    cookie, _ = house.opened().begin(ANA)
    ((key, kept),) = json.loads(house.path.read_text()).items()
    house.path.write_text(json.dumps({key: kept | change}))
    found = who(house.opened(), cookie)
    assert found is None or (found == ANA and "role" in change)


def test_an_end_that_is_not_written_down_is_not_said_to_be_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions = house.opened()
    cookie, _ = sessions.begin(ANA)

    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("console.session_file.replace_synced", full)
    with pytest.raises(OSError, match="no space"):
        sessions.end(cookie)
    assert sessions.find(cookie) is None, "it is over here all the same"
