"""What lies around the cases: warnings, risk, contracts, trails. Bounded, and harmless."""

from typing import Any

import pytest
from msgspec.structs import replace

from console import surroundings
from console.surroundings import Surroundings, assessed
from console.trail import trail_of
from console.trust import Trust
from runtime import statement
from runtime.broker import Message
from runtime.signatures import Signer, Verifier
from schemas.assurance import Assessment, Covered, Examined, Finding
from schemas.codec import decode_from, encode
from schemas.errors import PoisonRecordError
from schemas.examples import FOLDER
from schemas.fundflow import FundFlow
from schemas.ids import content_id
from schemas.incidents import Sighting
from schemas.risk import Risk
from schemas.signals import Signal, Verdict
from schemas.topics import FUND_FLOWS, RISK, SIGNALS
from tests.forensic_log import private
from tests.people import NOW, wallet
from tests.unit.console.scene import CASE, CHAIN, MANIFEST, POOL, Console, alert, case
from tests.unit.console.test_pages import HOSTILE, words

ISSUER = wallet("orchard")


def signal(seq: int = 1, **others: Any) -> Signal:
    given: dict[str, Any] = {
        "id": content_id("signal", "one"),
        "issuer": ISSUER.address.lower(),
        "seq": seq,
        "expiry": NOW + 3600,
        "target": f"{CHAIN}:{POOL}",
        "technique": "ADT3012.004",
        "severity": "high",
        "confidence": 7500,
        "evidence_root": "0x" + "00" * 32,
        "signature": "0x" + "00" * 65,
        "tlp": "amber",
    }
    made = Signal(**given | others)
    return replace(made, signature=statement.signed_by(bytes(ISSUER.key), made))


def verdict(found: str) -> Verdict:
    return Verdict(
        id=content_id("verdict", found),
        signal=content_id("signal", "one"),
        issuer=ISSUER.address.lower(),
        finding=found,  # type: ignore[arg-type]  # one of the two
        time=NOW,
        protocol="meadow",
    )


def risk(**others: Any) -> Risk:
    (path,) = (FOLDER / RISK.name).iterdir()
    record = decode_from(RISK, path.read_bytes())
    assert isinstance(record, Risk)
    return replace(record, **others)


def trail(**others: Any) -> FundFlow:
    (path,) = (FOLDER / FUND_FLOWS.name).iterdir()
    record = decode_from(FUND_FLOWS, path.read_bytes())
    assert isinstance(record, FundFlow)
    return replace(record, incident=CASE, **others)


def finding(number: int = 1, **others: Any) -> Finding:
    given: dict[str, Any] = {
        "id": content_id("finding", number),
        "chain": CHAIN,
        "protocol": "meadow",
        "contract": POOL,
        "weakness": "no-brake",
        "severity": "high",
        "block": 1000,
        "timestamp": NOW - 30,
        "summary": "anybody may initialise it",
        "evidence": ("initialize() answers",),
    }
    return Finding(**given | others)


def assessment(ways: int = 3, **others: Any) -> Assessment:
    functions = (
        Covered(function="borrow(uint256)", direction="out", stance="braked", brakes=("pause",)),
        Covered(function="deposit(uint256)", direction="in", stance="goes on"),
        *(Covered(function=f"way{n}()", direction="out", stance="goes on") for n in range(ways)),
    )
    contract = Examined(
        address=POOL, name="LendingPool", role="pool", code_hash="ab", functions=functions
    )
    given: dict[str, Any] = {
        "id": content_id("assessment", 1),
        "chain": CHAIN,
        "protocol": "meadow",
        "block": 1000,
        "timestamp": NOW,
        "contracts": (contract,),
        "findings": (finding(),),
    }
    return Assessment(**given | others)


def test_the_newest_signal_of_a_matter_counts_whatever_comes_when() -> None:
    around = Surroundings()
    for one in (signal(5), signal(4, severity="low"), verdict("confirmed"), signal(6)):
        around.take(one)
    (kept,) = around.signals.values()
    assert (kept.signal.seq, kept.finding) == (6, "confirmed")
    around.take(signal(7, confidence=0))
    assert next(iter(around.signals.values())).taken_back
    around.take(verdict("refuted"))
    assert next(iter(around.signals.values())).finding == "refuted"


def test_a_signal_is_its_issuers_or_it_is_not_shown() -> None:
    def read(record: Signal | Verdict, trust: Trust, signer: Signer | None = None) -> None:
        value = encode(record)
        headers = () if signer is None else signer.sign(value, sequence=0, expires=0)
        trust.read(Message(SIGNALS.name, 0, 0, b"", value, headers))

    mine, other = Signer(private("alice")), Signer(private("mallory"))
    judged = Trust(judges=Verifier({mine.key_id: mine.public_key}))
    read(signal(), judged)
    read(verdict("confirmed"), judged, mine)
    for record, signer in (
        (replace(signal(), severity="critical"), None),
        (replace(signal(), issuer="0x" + "11" * 20), None),
        (verdict("refuted"), None),
        (verdict("refuted"), other),
    ):
        with pytest.raises(PoisonRecordError):
            read(record, judged, signer)


def test_the_page_of_neighbours_tells_who_warns_of_what_and_how_long_that_counts() -> None:
    issuers = [{"name": "orchard", "address": ISSUER.address}]
    console = Console(
        manifest=MANIFEST.model_validate(MANIFEST.model_dump() | {"issuers": issuers})
    )
    vic = console.sign_in("vic")
    assert "No neighbour warns" in vic.get("/signals").text
    console.show(signal(), signal(1, id=content_id("signal", "two"), expiry=NOW - 1))
    told = words(vic.get("/signals").text)
    for part in ("LendingPool: ADT3012.004", "▲ high", "counts for 1 h", "TLP:AMBER", "orchard",
                 "75 %", "have not said", "⌛ expired"):  # fmt: skip
        assert part in told
    assert told.index("counts for") < told.index("expired"), "what counts comes first"
    console.show(signal(2, confidence=0), verdict("refuted"))
    told = words(vic.get("/signals").text)
    assert "◇ taken back" in told
    assert "✕ found it wrong" in told


def test_an_issuer_that_nobody_listens_to_is_told_as_such() -> None:
    console = Console()
    console.show(signal())
    assert "nobody here listens to it" in console.sign_in("vic").get("/signals").text


def test_the_page_of_risk_has_every_figure_with_its_interval() -> None:
    console = Console()
    vic = console.sign_in("vic")
    assert "No risk service" in vic.get("/risk").text
    console.show(risk(), risk(at=1, inputs=replace(risk().inputs, standing="calm")))
    told = words(vic.get("/risk").text)
    for part in ("◆ alerted", "Probability of an incident 0.60 % 0.21 % to 1.94 %",
                 "Exposure 2,000,000 USD", "Expected loss 8,490 USD",
                 "Loss in the tail 848,976 USD",
                 "Allowable loss consumed", "Price of cover", "its open case"):  # fmt: skip
        assert part in told, told


def test_figures_of_risk_are_shown_as_far_as_a_trusted_key_signed_them() -> None:
    mine, other = Signer(private("risk")), Signer(private("mallory"))
    trust = Trust(insurers=Verifier({mine.key_id: mine.public_key}))
    console = Console(trust=trust)
    vic, told = console.sign_in("vic"), risk()
    lie = replace(told, at=told.at + 60, block=told.block + 5, reasons=("all is well",))
    stranger = replace(told, protocol=HOSTILE)

    def show(record: Risk, signer: Signer | None, spoilt: bytes = b"") -> None:
        value = encode(record)
        headers = () if signer is None else signer.sign(value, sequence=0, expires=0)
        message = Message(RISK.name, 0, 0, b"", value + spoilt, headers)
        read, signed, _ = trust.read(message)
        console.desk.picture.take(read, {}, signed=signed)

    show(told, mine)
    for signer in (other, None):
        show(lie, signer)
    show(lie, mine, spoilt=b" ")
    show(stranger, other)
    page = vic.get("/risk").text
    assert "all is well" not in page
    assert "Exposure 2,000,000 USD" in words(page), "what was signed stands"
    assert "Nobody here checks" not in page
    assert words(page).count("signed by no key that is trusted here") == 2
    assert f"block {lie.block:,}" in words(page)
    assert "<script" not in page.split("data-region")[1].split("</main>")[0]
    show(replace(lie, at=lie.at + 1), mine)
    assert words(vic.get("/risk").text).count("signed by no key") == 1, "a newer one is proved"


def test_without_keys_the_page_of_risk_says_that_nobody_checks() -> None:
    console = Console()
    console.show(risk())
    assert "Nobody here checks who signed these figures" in words(
        console.sign_in("vic").get("/risk").text
    )


def test_the_page_of_contracts_names_each_way_out_that_no_brake_stops() -> None:
    console = Console()
    vic = console.sign_in("vic")
    assert "No contract was assessed" in vic.get("/contracts").text
    console.show(assessment(), finding(), finding(2, state="resolved"))
    told = words(vic.get("/contracts").text)
    for part in ("3 ways out that no brake stops", "1 of 4 covered", "way0()", "goes on",
                 "anybody may initialise it", "initialize() answers", "meadow: found",
                 "not there any more"):  # fmt: skip
        assert part in told, told
    console.show(assessment(0, block=1001, findings=()))
    assert "✓ every way out has a brake" in words(vic.get("/contracts").text)
    console.show(assessment(3, block=999))
    assert "every way out" in vic.get("/contracts").text, "an older one changes nothing"


def test_the_page_of_contracts_says_what_could_not_be_looked_at() -> None:
    console = Console()
    vic = console.sign_in("vic")
    unseen = "its code: not all ways could be followed"
    (pool,) = assessment(0).contracts
    dark = replace(pool, unseen=(unseen,), facets=("0x" + "fa" * 20,) * 2)
    console.show(assessment(0, contracts=(dark,), findings=()))
    told = words(vic.get("/contracts").text)
    for part in ("1 contract not wholly looked at", unseen, "2 facets",
                 "every way out that was found has a brake"):  # fmt: skip
        assert part in told, told
    nothing = replace(pool, functions=())
    console.show(assessment(0, block=1001, contracts=(nothing,), findings=()))
    told = words(vic.get("/contracts").text)
    assert "no way out was found" in told
    assert "not wholly looked at" not in told


def test_each_protocol_has_a_page_of_its_posture_with_coverage_and_gaps() -> None:
    console = Console()
    vic = console.sign_in("vic")
    assert vic.get("/contracts/meadow").status_code == 404
    other = assessment(protocol="field/1", findings=())
    console.show(assessment(), other, finding(), finding(2, protocol="field/1"))
    assert 'href="/contracts/meadow"' in vic.get("/contracts").text
    told = words(vic.get("/contracts/meadow").text)
    for part in ("Posture of meadow", "3 ways out that no brake stops", "way0()", "deposit(",
                 "anybody may initialise it", "meadow: found"):  # fmt: skip
        assert part in told, told
    assert "field/1" not in told
    region = vic.get("/contracts/meadow", headers={"X-Region": "contracts"})
    assert "field/1" not in region.text
    assert "way0()" in region.text
    found = assessed(assessment(0))
    ways = [(one.covered.function, one.covered.direction) for one in found.others]
    assert ways == [("borrow(uint256)", "out"), ("deposit(uint256)", "in")]


def test_a_case_shows_where_its_funds_went_over_hops() -> None:
    console = Console()
    console.show(alert(), case())
    vic = console.sign_in("vic")
    assert "Nobody has followed the funds yet" in vic.get(f"/cases/{CASE}").text
    console.show(trail(gaps=("two blocks were not given",)))
    for path in (f"/cases/{CASE}", f"/cases/{CASE}/flows"):
        told = words(vic.get(path).text)
        for part in ("412,500.00 USD (theft)", "400,000.00 USD at mixer", "A mixer", "labelled as",
                     "12,500.00 USD", "· mixer", "two blocks were not"):  # fmt: skip
            assert part in told, (path, part)
    part = vic.get(f"/cases/{CASE}", headers={"x-region": f"trail:{CASE}"}).text
    assert "<html" not in part
    assert "A mixer" in part


def test_a_finding_that_made_a_case_is_a_line_of_it() -> None:
    console = Console()
    sighting = Sighting(
        alert=finding().id, set="assurance", tx="0x" + "ab" * 32, block=1000, score=0.0,
        severity="high", summary="anybody may initialise it",
    )  # fmt: skip
    console.show(case(sightings=(sighting,)), finding())
    assert "Weakness found, high" in words(console.sign_in("vic").get(f"/cases/{CASE}").text)


def test_hostile_text_is_text_on_every_page() -> None:
    console = Console()
    node, edge = trail().nodes[1], trail().edges[0]
    hostile_trail = trail(
        nodes=(trail().nodes[0], replace(node, label=HOSTILE[:60], ended=HOSTILE)),
        edges=(edge,),
        gaps=(HOSTILE,),
    )
    contract = replace(
        assessment().contracts[0], name=HOSTILE[:60], authority=HOSTILE, unseen=(HOSTILE,)
    )
    hostile = replace(
        assessment(),
        contracts=(contract,),
        findings=(finding(summary=HOSTILE, evidence=(HOSTILE,)),),
    )
    console.show(alert(), case(), hostile_trail, hostile, finding(summary=HOSTILE),
                 risk(reasons=(HOSTILE,)), signal(technique=HOSTILE[:60]))  # fmt: skip
    ana = console.sign_in("ana")
    for path in ("/signals", "/risk", "/contracts", f"/cases/{CASE}", f"/cases/{CASE}/flows"):
        text = ana.get(path).text
        assert "&lt;" in text, path
        assert "<img" not in text
        assert "<script>alert" not in text
        assert not set(text) & {"\u202e", "\u200b", "\x1b"}


def test_no_flood_and_no_large_record_fills_the_memory() -> None:
    around = Surroundings()
    for number in range(surroundings.MOST_SIGNALS + 50):
        around.take(replace(signal(), id=content_id("signal", number)))
    assert len(around.signals) == surroundings.MOST_SIGNALS
    for number in range(surroundings.MOST_TRAILS + 5):
        around.take(replace(trail(), incident=content_id("incident", number)))
    assert len(around.trails) == surroundings.MOST_TRAILS
    edge = trail().edges[0]
    many = tuple(replace(edge, target=f"0x{number:040x}") for number in range(5000))
    around.take(trail(edges=many))
    kept = around.trails[CASE]
    assert len(kept.edges) == surroundings.MOST_EDGES
    assert len(kept.nodes) <= 2 * surroundings.MOST_EDGES
    assert kept.gaps == (f"{5000 - surroundings.MOST_EDGES:,} later movements are left out here",)
    assert trail_of(kept, Console().desk.atlas) is not None
    found = assessed(assessment(500, findings=tuple(finding(n) for n in range(300))))
    assert (len(found.gaps), found.more_gaps) == (surroundings.MOST_GAPS, 400)
    assert len(found.assessment.findings) == surroundings.MOST_SHOWN_FINDINGS
    assert found.findings == 300
    assert all(one.functions == () for one in found.assessment.contracts)
