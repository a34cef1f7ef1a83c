"""Which transactions show that an account prepares, and which only look like it."""

from pathlib import Path
from typing import Any

import pytest

from ingest.normalise import deployments
from ingest.posture import PROBES_TO_ENTER, PostureMemory
from ingest.preparation import Preparation, read_addresses
from ingest.raw import RawBlock, RawFrame, RawLog, RawTransaction
from schemas.chain import Posture
from schemas.errors import ConfigurationError
from tests.unit.ingest.model_chain import CHAIN, POOL, USER, lenses

MIXER, OTHER = "0x" + "e1" * 20, "0x" + "f2" * 20
TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
NOW = 1_700_000_000


def word(address: str) -> str:
    return "0x" + "0" * 24 + address[2:]


def frame(sender: str, to: str, value: int = 0, **fields: Any) -> RawFrame:
    made = {"depth": 0, "kind": "call", "input": "0x", "output": "0x", "ok": True}
    return RawFrame(sender=sender, to=to, value=value, **made | fields)  # type: ignore[arg-type]  # the fields of a frame


def tx(**fields: Any) -> RawTransaction:
    made: dict[str, Any] = {
        "hash": "0x" + "01" * 32,
        "index": 0,
        "sender": USER,
        "to": POOL,
        "value": 0,
        "input": "0x12345678",
        "ok": True,
        "logs": [],
        "frames": [frame(USER, POOL)],
    }
    return RawTransaction(**made | fields)


class Seen:
    """What is remembered after some transactions."""

    def __init__(self) -> None:
        self._watch = lenses().live(CHAIN).watch
        self.preparation = Preparation(PostureMemory(1_000), self._watch, [MIXER], None)

    def after(self, *transactions: RawTransaction, touched: bool = True) -> None:
        block = RawBlock(CHAIN, 1, "0x" + "aa" * 32, "0x" + "bb" * 32, NOW)
        for raw in transactions:
            self.preparation.observe(block, raw, deployments(block, raw), touched=touched)

    def of(self, account: str) -> Posture | None:
        return self.preparation.of(account, NOW)


@pytest.fixture
def seen() -> Seen:
    return Seen()


def test_who_a_mixer_pays_is_funded_by_it(seen: Seen) -> None:
    relayed = tx(
        sender=OTHER, to=MIXER, frames=[frame(OTHER, MIXER), frame(MIXER, USER, 10, depth=1)]
    )
    seen.after(relayed, touched=False)
    found = seen.of(USER)
    assert found is not None
    assert found.mixer_fundings == 1
    assert seen.of(OTHER) is None, "a relayer is no client"


def test_tokens_of_a_mixer_count_as_well(seen: Seen) -> None:
    log = RawLog(POOL, (TRANSFER, word(MIXER), word(USER)), "0x01", 0)
    seen.after(tx(sender=OTHER, to=MIXER, logs=[log]), touched=False)
    assert seen.of(USER) is not None


def test_a_payment_that_was_reverted_is_none(seen: Seen) -> None:
    tried = frame(MIXER, USER, 10, depth=1, ok=False)
    seen.after(tx(sender=OTHER, to=MIXER, frames=[frame(OTHER, MIXER), tried]), touched=False)
    assert seen.of(USER) is None


def test_who_pays_into_a_mixer_is_not_funded_by_it(seen: Seen) -> None:
    seen.after(tx(to=MIXER, value=10, frames=[frame(USER, MIXER, 10)]), touched=False)
    assert seen.of(USER) is None


def test_money_is_followed_through_a_plain_payment(seen: Seen) -> None:
    seen.after(
        tx(sender=OTHER, to=MIXER, frames=[frame(OTHER, MIXER), frame(MIXER, USER, 9, depth=1)])
    )
    seen.after(tx(to=OTHER, value=5, input="0x", frames=[frame(USER, OTHER, 5)]), touched=False)
    assert seen.of(OTHER) is not None


@pytest.mark.parametrize(("named", "counts"), [(POOL, True), (OTHER, False)])
def test_code_that_names_a_watched_contract_counts(seen: Seen, named: str, *, counts: bool) -> None:
    code = f"0x6000600073{named[2:]}5af1"
    birth = frame(USER, "0x" + "cc" * 20, kind="create", input="0x60", output=code)
    seen.after(tx(to=None, created="0x" + "cc" * 20, frames=[birth]), touched=False)
    assert (seen.of(USER) is not None) is counts


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"ok": False}, True),
        ({}, True),
        ({"value": 1}, False),
        ({"logs": [RawLog(POOL, (TRANSFER,), "0x", 0)]}, False),
        ({"logs": None}, False),
    ],
    ids=["failed", "empty", "paid", "left a log", "logs not seen"],
)
def test_calls_in_vain_are_probes(seen: Seen, fields: dict[str, Any], *, counts: bool) -> None:
    seen.after(*[tx(**fields)] * PROBES_TO_ENTER)
    assert (seen.of(USER) is not None) is counts


def test_calls_to_what_nobody_watches_are_no_probes(seen: Seen) -> None:
    seen.after(*[tx(ok=False)] * PROBES_TO_ENTER, touched=False)
    assert seen.of(USER) is None


def test_lists_of_addresses_are_read_in_whatever_shape(tmp_path: Path) -> None:
    path = tmp_path / "mixers.csv"
    path.write_text(
        f",Address,Name Tag\n0,{MIXER.upper().replace('0X', '0x')},One\n1,{OTHER},Two\n"
    )
    assert read_addresses(path) == {MIXER, OTHER}


@pytest.mark.parametrize("text", [None, "no address here"])
def test_a_list_without_any_is_refused_by_name(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "mixers.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"mixers\.csv"):
        read_addresses(path)
