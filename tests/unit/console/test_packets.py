"""What an approval gives those who carry it out: exact, derived from records alone, or nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from runtime import attested
from runtime.safe_transactions import SafeTransaction
from schemas.decisions import Proposal, Request
from schemas.incidents import Checklist, Progress, Recovery, Signing
from tests.people import answer, by_provider, proposal
from tests.unit.console.scene import CASE, CHAIN, POOL, Console, alert, case, readiness
from tests.unit.console.test_pages import words

SAFE = "0x" + "5a" * 20
UNPAUSE = Request(to=POOL, function="unpause()", calldata="0x3f4ba83a")
PAUSE = Request(to=POOL, function="pause()", calldata="0x8456cb59")
DIGEST = "0x" + "d1" * 32


def staged(calls: tuple[Request, ...] = (UNPAUSE, PAUSE), **others: Any) -> Signing:
    made = [SafeTransaction(1, SAFE, one.to, one.calldata, 7 + n) for n, one in enumerate(calls)]
    given: dict[str, Any] = {
        "digest": DIGEST,
        "decider": "safe",
        "executor": f"{CHAIN}:{SAFE}",
        "calls": calls,
        "hashes": tuple("0x" + one.digest.hex() for one in made),
        "nonce": 7,
    }
    return Signing(**given | others)


def recovery(signing: Signing | None) -> Recovery:
    return Recovery(
        id="f" * 64,
        chain=CHAIN,
        protocol="meadow",
        incident=CASE,
        progress=Progress(number=1, phase="recover", released=0, cause="a spot price", block=9),
        checklist=Checklist(tasks=(), staged=signing),
    )


def asked(*calls: Request, step: str | None = None) -> Proposal:
    made = proposal(case(), by_provider("rea"), "release", "It is green.", calls)
    return attested.named(replace(made, staged=step))


@pytest.fixture
def console() -> Console:
    console = Console()
    console.show(alert(), case(), readiness())
    return console


def approved(console: Console, made: Proposal, signing: Signing | None = None) -> str:
    console.show(recovery(signing), made, answer(made, by_provider("ana")))
    return f"/proposals/{made.id}"


def test_a_step_that_was_approved_is_what_the_safe_s_owners_sign(console: Console) -> None:
    where = approved(console, asked(UNPAUSE, PAUSE, step=DIGEST), staged())
    vic = console.sign_in("vic")
    given = vic.get(f"{where}/safe.json")
    assert given.headers["content-disposition"].startswith("attachment")
    found = given.json()
    assert (found["proposed_by"], found["approved_by"]) == ("rea", "ana")
    assert [row["hash"] for row in found["transactions"]] == list(staged().hashes)
    first = found["transactions"][0]
    assert first["typed"]["domain"] == {"chainId": 1, "verifyingContract": SAFE}
    assert first["typed"]["message"]["nonce"] == 7
    assert first["typed"]["message"]["operation"] == 0, "no delegatecall"
    assert first["proposal"]["contractTransactionHash"] == first["hash"]
    assert (first["proposal"]["sender"], first["proposal"]["signature"]) == ("", "")
    told = words(vic.get(f"/cases/{CASE}").text)
    assert f"nonce 7: {staged().hashes[0]}" in told
    assert "This console cannot" in told


def test_calls_without_a_safe_are_a_batch_for_any(console: Console) -> None:
    made = asked(UNPAUSE)
    where = approved(console, made)
    vic = console.sign_in("vic")
    batch = vic.get(f"{where}/batch.json").json()
    assert (batch["version"], batch["chainId"]) == ("1.0", "1")
    assert batch["transactions"] == [{"to": POOL, "value": "0", "data": "0x3f4ba83a"}]
    assert vic.get(f"{where}/safe.json").status_code == 404
    told = words(vic.get(f"/cases/{CASE}").text)
    assert f"firebreak recover decided {made.id[:12]} --safe SAFE" in told


def test_a_governor_s_step_is_a_batch_and_its_plan_says_what_is_voted_on(console: Console) -> None:
    signing = staged(decider="governor", hashes=())
    where = approved(console, asked(UNPAUSE, PAUSE, step=DIGEST), signing)
    vic = console.sign_in("vic")
    assert vic.get(f"{where}/safe.json").status_code == 404
    assert "recover propose PLAN" in words(vic.get(f"/cases/{CASE}").text)


@pytest.mark.parametrize(
    ("signing", "why"),
    [
        (lambda: None, "not what is staged now"),
        (lambda: staged(digest="0x" + "d2" * 32), "not what is staged now"),
        (lambda: staged(hashes=("0x" + "00" * 32,) * 2), "not those of these calls"),
        (lambda: staged(nonce=8), "not those of these calls"),
        (lambda: staged(executor=f"{CHAIN}:0x{'66' * 20}"), "not those of these calls"),
    ],
)
def test_what_does_not_fit_is_given_to_nobody(
    console: Console, signing: Callable[[], Signing | None], why: str
) -> None:
    where = approved(console, asked(UNPAUSE, PAUSE, step=DIGEST), signing())
    vic = console.sign_in("vic")
    assert "Do not sign: " in vic.get(f"/cases/{CASE}").text
    for name in ("safe", "batch"):
        refused = vic.get(f"{where}/{name}.json")
        assert refused.status_code == 409
        assert why in refused.text


def test_nor_are_bytes_that_nobody_can_read(console: Console) -> None:
    hidden = replace(UNPAUSE, calldata="0x3f4ba83a" + "00" * 32)
    where = approved(console, asked(hidden))
    refused = console.sign_in("vic").get(f"{where}/batch.json")
    assert refused.status_code == 409
    assert "cannot be read in full" in refused.text


def test_before_a_second_person_approves_there_is_nothing(console: Console) -> None:
    made = asked(UNPAUSE)
    console.show(made)
    vic = console.sign_in("vic")
    assert vic.get(f"/proposals/{made.id}/batch.json").status_code == 404
    console.show(answer(made, by_provider("rea")))  # who proposed it is no second person
    assert vic.get(f"/proposals/{made.id}/batch.json").status_code == 404
    console.show(answer(made, by_provider("ana"), "veto"))
    assert vic.get(f"/proposals/{made.id}/batch.json").status_code == 404
    assert "Transaction Builder" not in vic.get(f"/cases/{CASE}").text


def test_a_visitor_gets_none_of_it(console: Console) -> None:
    where = approved(console, asked(UNPAUSE))
    assert console.browser().get(f"{where}/batch.json").status_code in (303, 401)
