"""What only the console shows, in a stranger's hands: the worst that a writer there can do."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.trust import Heard, Trust
from runtime.acknowledging import People
from runtime.broker import Message
from runtime.keepers import Keepers
from runtime.signatures import Signer, Verifier, generate, load_signer, load_verifier
from schemas.codec import encode
from schemas.errors import PoisonRecordError
from schemas.fundflow import FundFlow
from schemas.readiness import PreparedBrake
from schemas.topics import INCIDENTS, RECOVERIES
from tests.people import NOW
from tests.svg import STRANGE, look_inside
from tests.unit.console.scene import (
    CASE,
    CHAIN,
    POOL,
    Console,
    alert,
    case,
    csrf_in,
    readiness,
)
from tests.unit.console.test_around import trail
from tests.unit.console.test_deciding import draft
from tests.unit.console.test_packets import recovery, staged
from tests.unit.console.test_pages import HOSTILE, words

ATTACKER = "0x" + "ee" * 20
TRUE = readiness().brakes[0]
SEIZE = "0xf2fde38b" + ATTACKER[2:].rjust(64, "0")  # transferOwnership(address)


@pytest.fixture
def console() -> Console:
    console = Console()
    console.show(alert(), case())
    return console


def propose(console: Console, brake: str) -> str:
    """Try to propose a brake; return what the console says to that."""
    rea = console.sign_in("rea")
    page = rea.get(f"/cases/{CASE}/propose")
    fields = {"matter": "brake", "brake": brake, "words": "Now.", "csrf": csrf_in(page)}
    answer = rea.post(f"/cases/{CASE}/propose", data=fields)
    return str(page.text if answer.status_code == 303 else answer.text)


@pytest.mark.parametrize(
    "forged",
    [
        replace(TRUE, target=f"{CHAIN}:{ATTACKER}"),
        replace(TRUE, target=f"eip155:10:{POOL}"),
        replace(TRUE, brake="restore-funds"),
        replace(TRUE, brake="restore-funds", target=f"{CHAIN}:{ATTACKER}", calldata=SEIZE),
    ],
)
def test_a_forged_brake_is_not_put_before_people_to_pull(
    console: Console, forged: PreparedBrake
) -> None:
    console.show(readiness(brakes=(forged,)))
    told = propose(console, forged.brake)
    assert "choose which brake people should pull" in told
    form = console.sign_in("rea").get(f"/cases/{CASE}/propose").text
    assert f'value="{forged.brake}"' not in form


def test_at_worst_it_is_another_call_to_the_brakes_own_target_and_said_to_be_that(
    console: Console,
) -> None:
    console.show(readiness(brakes=(replace(TRUE, calldata=SEIZE),)))
    rea = console.sign_in("rea")
    told = words(
        rea.get(draft(rea, {"matter": "brake", "brake": TRUE.brake, "words": "It drains."})).text
    )
    assert "transferOwnership" in told, "read from the bytes, whatever the brake is called"
    assert ATTACKER in told.lower()


def test_a_forged_readiness_looks_ready_and_hides_no_case(console: Console) -> None:
    broken = replace(TRUE, trouble="the gate was killed")
    console.show(readiness(brakes=(broken,)))
    vic = console.sign_in("vic")
    assert "the gate was killed" in vic.get("/plans").text
    console.show(readiness(time=NOW + 9 * 10**6, heartbeat=NOW + 9 * 10**6))
    assert "the gate was killed" not in vic.get("/plans").text, "the worst: it looks ready"
    page = words(vic.get("/").text)
    assert "Braked" in page, "the case is there all the same"


def test_its_words_are_words(console: Console) -> None:
    brake = replace(TRUE, brake=HOSTILE, adapter=HOSTILE, trouble=HOSTILE, release=HOSTILE)
    console.show(readiness(brakes=(brake,)), readiness(protocol=HOSTILE))
    vic = console.sign_in("vic")
    for path in ("/", "/plans", f"/cases/{CASE}"):
        page = vic.get(path).text
        assert "<img src=x" not in page
        assert "alert(1)</script>" not in page
        assert "{{7*7}}" in page or "onerror" not in page, "nothing is evaluated"


def forged_trail() -> FundFlow:
    """Clears the attacker, and accuses the pool."""
    told = trail()
    nodes = tuple(replace(node, label=HOSTILE, ended=HOSTILE) for node in told.nodes)
    tokens = tuple(replace(token, symbol=HOSTILE[:64]) for token in told.tokens)
    return replace(told, nodes=nodes, tokens=tokens, edges=told.edges * 500)


def test_a_forged_trail_is_a_false_picture_on_its_case_and_nothing_else(console: Console) -> None:
    vic = console.sign_in("vic")
    before = {path: words(vic.get(path).text) for path in ("/", "/plans", "/cases")}
    console.show(forged_trail())
    page = vic.get(f"/cases/{CASE}/flows").text
    assert "<img src=x" not in page
    assert "alert(1)</script>" not in page
    assert len(page) < 400_000, "however long it is, a page is bounded"
    assert {path: words(vic.get(path).text) for path in before} == before
    console.show(trail())
    assert "onerror" not in vic.get(f"/cases/{CASE}/flows").text, "the true one takes its place"


def test_what_people_are_asked_to_sign_is_staged_by_one_of_their_keys(tmp_path: Path) -> None:
    """Where people are named; else whoever may write the topic puts calls before them, which the
    page tells from their bytes."""
    people, others = tmp_path / "people", tmp_path / "others"
    alice, mallory = (load_signer(generate(one, "key")) for one in (people, others))
    trust = Trust(people=People(load_verifier(people)))
    value = encode(recovery(staged()))

    def shown(signer: Signer | None) -> bool:
        headers = () if signer is None else signer.sign(value, sequence=0, expires=0)
        try:
            trust.read(Message(RECOVERIES.name, 0, 0, b"meadow", value, headers))
        except PoisonRecordError:
            return False
        return True

    assert [shown(one) for one in (None, mallory, alice)] == [False, False, True]
    signed = alice.sign(value, sequence=0, expires=0)
    assert trust.read(Message(RECOVERIES.name, 0, 0, b"meadow", value, signed)).by == alice.key_id
    Trust().read(Message(RECOVERIES.name, 0, 0, b"meadow", value, ()))
    forged = mallory.sign(value, sequence=0, expires=0)
    nobody = Trust().read(Message(RECOVERIES.name, 0, 0, b"meadow", value, forged))
    assert nobody.by == "", "where nobody is named, a key proves nothing"


@pytest.mark.parametrize("said", STRANGE.values(), ids=STRANGE)
def test_the_picture_of_a_forged_trail_is_made_of_words_and_lines(
    console: Console, said: str
) -> None:
    told = trail()
    nodes = tuple(replace(node, label=said, ended=said) for node in told.nodes)
    tokens = tuple(replace(token, symbol=said) for token in told.tokens)
    console.show(replace(told, nodes=nodes, tokens=tokens))
    page = console.sign_in("vic").get(f"/cases/{CASE}/flows").text
    pictures = re.findall(r"<svg class=.flows.*?</svg>", page, re.DOTALL)
    assert pictures
    for picture in pictures:
        parts = {"svg", "title", "defs", "marker", "path", "g", "rect", "text"}
        assert look_inside(picture) <= parts


def test_where_keepers_are_named_a_forged_case_is_not_shown() -> None:
    one = case()
    key, value = f"{one.protocol}/{one.id}".encode(), encode(one)
    forged = Message(INCIDENTS.name, 0, 0, key, value, ())
    assert Trust().read(forged) == Heard(one)
    with pytest.raises(PoisonRecordError, match="unknown key"):
        Trust(keepers=Keepers(Verifier({}))).read(forged)
