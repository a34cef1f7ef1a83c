"""From what a chain shows to findings: opened once, resolved once, the same ids each time."""

import pytest
from eth_abi.abi import encode

from assurance.artefacts import Built, Shelf
from assurance.assess import CREATED, assess, changes
from assurance.chain import NOBODY, Outcome, Trial
from assurance.checks.brakes import Pull
from assurance.facets import LOUPE, MOST_FACETS
from assurance.look import Means
from assurance.opinions import Heard
from assurance.selectors import calldata, selector
from assurance.sources import Sources
from assurance.sourcify import Sourcify, Verdict
from assurance.subject import Known
from assurance.weakness import Weakness
from schemas.assurance import Assessment
from schemas.errors import TransientError
from schemas.layouts import Kind, Layout, Variable
from schemas.manifest import Contract, Manifest
from tests.unit.assurance.assembler import assembled, dispatch
from tests.unit.assurance.fakes import LOOKS_UP, FakeChain

CHAIN = "eip155:31337"
POOL, OLD, NEW, ADMIN, SAFE = ("0x" + byte * 20 for byte in ("aa", "01", "02", "cc", "dd"))
MANIFEST = Manifest(
    protocol="meadow",
    chain=CHAIN,
    contracts=(Contract(address=POOL, role="pool", name="Pool", holds_value=False),),
)
MEANS = Means(Sources(CHAIN, None))
SOUND = assembled("STOP")
MORTAL = assembled(*dispatch((0x41C0E1B5, "kill")), "STOP :kill CALLER SELFDESTRUCT")


def checks(found: Assessment) -> set[str]:
    return {one.weakness for one in found.findings}


@pytest.fixture
def chain() -> FakeChain:
    made = FakeChain()
    made.codes[POOL] = SOUND
    return made


def test_a_sound_contract_has_no_findings(chain: FakeChain) -> None:
    found = assess(MANIFEST, chain, MEANS)
    assert found.findings == ()
    (pool,) = found.contracts
    assert (pool.proxy, pool.source, pool.authority) == ("none", "not asked", "")


def test_a_finding_opens_once_and_is_resolved_once(chain: FakeChain) -> None:
    chain.codes[POOL] = MORTAL
    first = assess(MANIFEST, chain, MEANS)
    (opened,) = changes(None, first)
    assert (opened.weakness, opened.state, opened.severity) == ("self-destruct", "open", "high")
    assert "0x41c0e1b5" in opened.summary

    chain.place = type(chain.place)(200, 1_700_001_200)
    second = assess(MANIFEST, chain, MEANS, first)
    assert changes(first, second) == []
    assert second.findings == first.findings
    assert second.id != first.id

    chain.codes[POOL] = SOUND
    (resolved,) = changes(second, assess(MANIFEST, chain, MEANS, second))
    assert (resolved.id, resolved.state, resolved.block) == (opened.id, "resolved", 200)


def test_only_what_is_named_is_looked_at_again(chain: FakeChain) -> None:
    first = assess(MANIFEST, chain, MEANS)
    chain.codes[POOL] = MORTAL
    assert assess(MANIFEST, chain, MEANS, first, {}).findings == ()
    again = assess(MANIFEST, chain, MEANS, first, {POOL: "0x" + "ee" * 32})
    assert [one.tx for one in again.findings] == ["0x" + "ee" * 32]


def test_what_the_protocol_creates_is_followed_from_then_on(chain: FakeChain) -> None:
    first = assess(MANIFEST, chain, MEANS)
    chain.codes[NEW] = MORTAL
    second = assess(MANIFEST, chain, MEANS, first, {NEW: "0x" + "ee" * 32})
    assert [one.name for one in second.contracts] == ["Pool", CREATED]
    third = assess(MANIFEST, chain, MEANS, second)
    assert [one.address for one in third.contracts] == [POOL, NEW]
    assert "self-destruct" in checks(third)


def test_no_code_where_a_contract_should_be_is_told(chain: FakeChain) -> None:
    chain.codes.clear()
    assert checks(assess(MANIFEST, chain, MEANS)) == {"no-code"}
    chain.proxy(POOL, OLD)
    assert OLD in assess(MANIFEST, chain, MEANS).findings[0].summary


def known(code: bytes, label: str, *, bare: bool = False) -> Built:
    kinds = {"t_uint256": Kind("inplace", "uint256", "32")}
    layout = Layout((Variable(label, "0", 0, "t_uint256"),), kinds)
    return Built(label, code, Known(layout=None if bare else layout))


@pytest.mark.parametrize(
    ("new", "found", "unseen"),
    [
        ("owner", set(), 0),
        ("paused", {"storage-layout"}, 0),
        ("", set(), 1),
    ],
    ids=["the same", "another", "not known"],
)
def test_an_upgrade_is_held_against_the_storage_it_finds(
    chain: FakeChain, new: str, found: set[str], unseen: int
) -> None:
    shelf = Shelf()
    chain.codes |= {OLD: SOUND, NEW: SOUND + b"\0"}
    shelf.add(known(SOUND, "owner"))
    shelf.add(known(SOUND + b"\0", new, bare=not new))
    means = Means(Sources(CHAIN, shelf))
    chain.proxy(POOL, OLD)
    first = assess(MANIFEST, chain, means)
    chain.proxy(POOL, NEW)
    second = assess(MANIFEST, chain, means, first)
    assert checks(second) == found
    assert len(second.contracts[0].unseen) == unseen
    assert checks(assess(MANIFEST, chain, means, second)) == found, "it holds until the next one"
    chain.proxy(POOL, OLD)
    assert "storage-layout" not in checks(assess(MANIFEST, chain, means, first))


def answering(answers: dict[tuple[str, str], bytes]) -> FakeChain:
    told = {(to, selector(function)): data for (to, function), data in answers.items()}

    def answer(trial: Trial) -> Outcome:
        data = told.get((trial.to, int.from_bytes(trial.data[:4], "big")))
        return Outcome(data is not None, data or b"")

    made = FakeChain(answer)
    made.codes[NEW] = SOUND
    return made


def word(value: int | str) -> bytes:
    number = int(value, 16) if isinstance(value, str) else value
    return number.to_bytes(32, "big")


OWNERS = word(32) + word(3) + word(1) + word(2) + word(3)
DAY = 86_400


@pytest.mark.parametrize(
    ("admin_code", "answers", "severity", "words"),
    [
        (b"", {}, "high", "an account with one key"),
        (bytes.fromhex("ef0100") + bytes(20), {}, "high", "an account with one key"),
        (SOUND, {(ADMIN, "owner()"): word(SAFE)}, "high", "the owner of its admin"),
        (SOUND, {(ADMIN, "owner()"): word(0)}, None, "nobody"),
        (SOUND, {(ADMIN, "getThreshold()"): word(2), (ADMIN, "getOwners()"): OWNERS}, None,
         "2 of 3"),
        (SOUND, {(ADMIN, "getThreshold()"): word(1), (ADMIN, "getOwners()"): OWNERS}, "medium",
         "1 of 3"),
        (SOUND, {(ADMIN, "getMinDelay()"): word(2 * DAY)}, None, "172,800 seconds"),
        (SOUND, {(ADMIN, "getMinDelay()"): word(60)}, "low", "after 60 seconds"),
        (SOUND, {(ADMIN, "delay()"): word(0)}, "high", "after 0 seconds"),
        (SOUND, {(ADMIN, "owner()"): word(ADMIN)}, "low", "does not say who decides"),
        (SOUND, {}, "low", "does not say who decides"),
    ],
)  # fmt: skip
def test_who_may_replace_the_code_is_graded(
    admin_code: bytes, answers: dict[tuple[str, str], bytes], severity: str | None, words: str
) -> None:
    chain = answering(answers)
    chain.proxy(POOL, NEW, ADMIN)
    chain.codes[ADMIN] = admin_code
    found = assess(MANIFEST, chain, MEANS)
    assert words in found.contracts[0].authority
    assert found.contracts[0].proxy == "transparent"
    assert [one.severity for one in found.findings] == ([] if severity is None else [severity])


def test_opinions_about_the_source_belong_to_no_contract(chain: FakeChain) -> None:
    opinion = Weakness("slither-reentrancy", "high", "withdraw() pays before it counts")
    found = assess(
        MANIFEST, chain, Means(Sources(CHAIN, None), opinions=Heard((opinion,), whole=True))
    )
    assert [(one.contract, one.weakness) for one in found.findings] == [
        (None, "slither-reentrancy")
    ]


def test_source_that_nobody_knows_is_told_only_where_somebody_was_asked(chain: FakeChain) -> None:
    assert checks(assess(MANIFEST, chain, Means(Sources(CHAIN, Shelf())))) == {"source-absent"}
    shelf = Shelf()
    shelf.add(Built("Pool", SOUND, Known()))
    assert checks(assess(MANIFEST, chain, Means(Sources(CHAIN, shelf)))) == set()


def test_a_brake_that_cannot_be_pulled_now_shows_nothing_and_is_named(chain: FakeChain) -> None:
    holding = MANIFEST.model_copy(update={"contracts": (Contract(address=POOL, role="pool"),)})
    pull = Pull("pause", Trial(SAFE, POOL, calldata("pause()")))
    found = assess(holding, chain, Means(Sources(CHAIN, None), (pull,)))
    assert found.contracts[0].unseen == ("brake pause: it cannot be pulled now",)


def test_functions_for_which_no_trials_are_left_are_told(chain: FakeChain) -> None:
    paying = [(number, f"f{number}") for number in range(1, 101)]
    sends = (
        f":{label} {'CALLDATASIZE ' * 4}CALLER CALLDATASIZE GAS CALL STOP" for _, label in paying
    )
    chain.codes[POOL] = assembled(*dispatch(*paying), "STOP", *sends)
    chain.answer = lambda _: Outcome(ok=True, data=b"")
    holding = MANIFEST.model_copy(update={"contracts": (Contract(address=POOL, role="pool"),)})
    pulls = [Pull(f"pause-{n}", Trial(SAFE, POOL, calldata("pause()"))) for n in range(10)]
    few, many = (
        assess(holding, chain, Means(Sources(CHAIN, None), pulls[:count])) for count in (1, 10)
    )
    assert [len(one.contracts[0].functions) for one in (few, many)] == [100, 100]
    assert few.contracts[0].unseen == ()
    assert many.contracts[0].unseen == (
        "its functions: not every call was tried, there are too many",
    )


def test_a_brake_of_which_nobody_says_who_pulls_it_is_refused_to_nobody(chain: FakeChain) -> None:
    chain.answer = lambda _: Outcome(ok=False, data=selector("NotOwner()").to_bytes(4, "big"))
    for sender, found in ((NOBODY, set()), (SAFE, {"brake-refused"})):
        pull = Pull("pause", Trial(sender, POOL, calldata("pause()")))
        assert checks(assess(MANIFEST, chain, Means(Sources(CHAIN, None), (pull,)))) == found


def test_a_refused_brake_is_told_once_and_resolved_when_it_is_not(chain: FakeChain) -> None:
    chain.answer = lambda _: Outcome(ok=False, data=selector("NotOwner()").to_bytes(4, "big"))
    means = Means(Sources(CHAIN, None), (Pull("pause", Trial(SAFE, NEW, calldata("pause()"))),))
    first = assess(MANIFEST, chain, means)
    (opened,) = changes(None, first)
    assert (opened.weakness, opened.contract, opened.severity) == ("brake-refused", NEW, "high")
    second = assess(MANIFEST, chain, means, first, {})
    assert changes(first, second) == []
    chain.answer = lambda _: Outcome(ok=True, data=b"")
    (resolved,) = changes(second, assess(MANIFEST, chain, means, second, {}))
    assert (resolved.id, resolved.state) == (opened.id, "resolved")


def test_while_the_source_service_hangs_a_look_at_a_cut_of_all_facets_goes_on() -> None:
    """The look says that it lives before each code, the old ones too, and waits but once."""
    asked, beats = list[str](), list[int]()

    class Hanging(Sourcify):
        def ask(self, chain: str, address: str) -> Verdict:
            del chain
            asked.append(address)
            raise TransientError("the source service: ReadTimeout")

    def facets(first: int) -> list[str]:
        return [f"0x{number:040x}" for number in range(first, first + MOST_FACETS)]

    old, new = facets(0x1000), facets(0x2000)
    cut = list(old)

    def answer(trial: Trial) -> Outcome:
        rows = [(one, [place.to_bytes(4, "big")]) for place, one in enumerate(cut)]
        loupe = trial.data == LOUPE
        return Outcome(loupe, encode(["(address,bytes4[])[]"], [rows]) if loupe else b"")

    chain = FakeChain(answer)
    chain.codes |= {POOL: LOOKS_UP} | dict.fromkeys([*old, *new], SOUND)
    first = assess(MANIFEST, chain, MEANS)
    cut[:] = new
    means = Means(Sources(CHAIN, None, Hanging("https://sources.example/")))
    assess(MANIFEST, chain, means, first, None, lambda: beats.append(len(asked)))
    assert len(asked) == 1
    assert len(beats) > 3 * MOST_FACETS, "before each code of now, of before, and each check"
