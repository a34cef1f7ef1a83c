"""Time stamps of a real authority, though a small one."""

import datetime as dt
from pathlib import Path

import pytest

from forensics.cases.stamp import check_stamp, read_roots, request_stamp
from schemas.errors import ConfigurationError, TransientError
from tests.dawdler import dawdler
from tests.integration.cases.authority import Authority

SEALED = b"ab" * 64 + b"  manifest-sha512.txt\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture(scope="module")
def response(authority: Authority) -> bytes:
    with authority.served() as address:
        return request_stamp(address, SEALED)


def test_a_stamp_says_when_and_who(authority: Authority, response: bytes) -> None:
    stamp = check_stamp(response, SEALED, read_roots(authority.root))
    assert stamp.authority == "CN=Test time-stamping authority"
    assert stamp.at.utcoffset() is not None


def test_it_covers_these_bytes_only(authority: Authority, response: bytes) -> None:
    with pytest.raises(ValueError, match="does not hold"):
        check_stamp(response, SEALED + b" ", read_roots(authority.root))


def test_another_authority_is_not_believed(response: bytes, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with pytest.raises(ValueError, match="does not hold"):
        check_stamp(response, SEALED, read_roots(other.root))
    with pytest.raises(ValueError, match="no authority is trusted"):
        check_stamp(response, SEALED, [])


def test_a_false_time_under_a_trusted_root_is_believed_within_the_certificate_s_days(
    authority: Authority, response: bytes
) -> None:
    """Nothing in the stamp contradicts whoever took the authority over."""
    roots = read_roots(authority.root)
    true = check_stamp(response, SEALED, roots).at
    false = true - dt.timedelta(hours=5)
    assert check_stamp(authority.antedated(response, false), SEALED, roots).at == false
    for days in (-400, 400):
        bent = authority.antedated(response, true + dt.timedelta(days=days))
        with pytest.raises(ValueError, match="does not hold"):
            check_stamp(bent, SEALED, roots)
    with pytest.raises(ValueError, match="does not hold"):
        check_stamp(authority.antedated(response, false), SEALED + b" ", roots)


@pytest.mark.parametrize("place", [60, 200, -40, -1])
def test_a_flipped_byte_is_found(authority: Authority, response: bytes, place: int) -> None:
    broken = bytearray(response)
    broken[place] ^= 1
    with pytest.raises(ValueError, match="time"):
        check_stamp(bytes(broken), SEALED, read_roots(authority.root))


def test_an_authority_that_is_away_is_said_to_be() -> None:
    with pytest.raises(TransientError, match="no time stamp"):
        request_stamp("http://127.0.0.1:9/", SEALED)


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "roots.pem"
    path.write_text("nothing")
    with pytest.raises(ConfigurationError, match="PEM"):
        read_roots(path)


def test_an_authority_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forensics.cases.stamp._SECONDS", 0.2)
    with dawdler() as address, pytest.raises(TransientError, match="no time stamp"):
        request_stamp(address, SEALED)
