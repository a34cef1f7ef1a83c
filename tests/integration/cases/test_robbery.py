"""A robbed lending pool on a real node: evidence, the way of the funds, everything made of it."""

import hashlib
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from forensics.cases import catalogue, publication
from forensics.cases.analysis import Analysis
from forensics.cases.bag_check import faults
from forensics.cases.casefile import CaseFile
from forensics.cases.collection import collect
from forensics.cases.custody import Custody
from forensics.cases.recording import Bounds, Node
from forensics.cases.trust import Trust
from runtime.acknowledging import People
from runtime.evm_verbatim import Verbatim
from runtime.signatures import Verifier
from schemas.codec import encode
from schemas.errors import ConfigurationError
from schemas.fundflow import FlowNode
from schemas.headers import HOPS
from schemas.incidents import Progress, Recovery
from schemas.topics import RECOVERIES
from schemas.units import NATIVE
from tests.integration.cases.conftest import Collected, order, sources

pytestmark = pytest.mark.node


def node_of(robbed: Collected, name: str) -> FlowNode:
    address = robbed.heist.person(name).address
    return next(node for node in robbed.analysis.flow.nodes if node.address == address)


def stays(node: FlowNode) -> dict[str, int]:
    return {holding.token: int(holding.amount) for holding in node.stays}


def test_what_was_stolen_is_what_the_chain_says(robbed: Collected) -> None:
    heist, analysis = robbed.heist, robbed.analysis
    assert [theft.tx for theft in analysis.thefts] == heist.thefts
    block = analysis.thefts[0].block
    before = heist.attack.exposed(heist.chain, block - 1)
    after = heist.attack.exposed(heist.chain, analysis.thefts[-1].block)
    (loss,) = analysis.losses
    assert loss.token == heist.attack.token
    assert int(loss.lost) == before - after == 400_000 * 10**6
    assert loss.remained == str(after)
    assert loss.worth == "400000.00"


def test_both_sides_of_every_account_are_equal(robbed: Collected) -> None:
    flow = robbed.analysis.flow
    for token in flow.tokens:
        out = int(token.held) + int(token.returned) + int(token.exchanged)
        out += sum(int(amount) for _, amount in token.ended)
        assert int(token.stolen) + int(token.received) == out
    placed: Counter[str] = Counter()
    for node in flow.nodes:
        for holding in (*node.stays, *node.exchanged):
            placed[holding.token] += int(holding.amount)
    came = {token.token: int(token.stolen) + int(token.received) for token in flow.tokens}
    assert placed == came, "every stolen unit is at one place"


def test_the_trail_adds_up_with_every_balance_on_chain(robbed: Collected) -> None:
    assert robbed.analysis.unexplained == ()
    assert robbed.analysis.gaps == ()


def test_splitter_mixer_bridge_and_exchange_are_seen_through(robbed: Collected) -> None:
    heist, flow = robbed.heist, robbed.analysis.flow
    dollar, weth = heist.world.tokens.dollar.address, heist.world.tokens.weth.address
    thief = heist.world.accounts["attacker"].address
    assert heist.world.disperse.address not in {node.address for node in flow.nodes}
    paid = {
        edge.target: int(edge.amount)
        for edge in flow.edges
        if edge.source == thief and edge.kind == "transfer"
    }
    assert set(paid) == {heist.person(name).address for name in ("runner", "saver", "trader")}

    mixer, bridge = node_of(robbed, "mixer"), node_of(robbed, "bridge")
    assert (mixer.kind, bridge.kind) == ("mixer", "bridge")
    assert stays(mixer)[dollar] == paid[heist.person("runner").address] - 7
    assert stays(node_of(robbed, "runner")) == {dollar: 7}
    assert stays(bridge) == {dollar: 500 * 10**6}, "his own 1,000 left first"

    coin = stays(node_of(robbed, "trader"))[NATIVE] + stays(node_of(robbed, "fence"))[NATIVE]
    fees = sum(int(edge.amount) for edge in flow.edges if edge.kind == "fee")
    swapped = next(token for token in flow.tokens if token.token == weth)
    assert int(swapped.received) == int(swapped.exchanged) == coin + fees
    sold = next(token for token in flow.tokens if token.token == dollar)
    assert int(sold.exchanged) >= paid[heist.person("trader").address]


def test_who_is_named_and_why(robbed: Collected) -> None:
    heist = robbed.heist
    members = {one.address: one for one in robbed.analysis.members}
    thief, contract = heist.world.accounts["attacker"].address, heist.attack.contract.address
    assert {a for a, one in members.items() if one.standing == "member"} == {thief, contract}
    assert members[contract].reasons[0][0] == f"created by {thief}"
    assert members[heist.person("runner").address].standing == "linked"
    for person in (*heist.world.users, heist.world.accounts["responder"]):
        assert person.address not in members


def test_causes_name_the_broken_rule_first_and_the_flash_swap(robbed: Collected) -> None:
    first, second = robbed.analysis.causes
    assert first.what.startswith("Broken rule: What is lent")
    assert "flash" in second.what
    assert robbed.analysis.techniques == ("ADT3012.004",)


def test_the_timeline_tells_the_attack_and_what_was_done(robbed: Collected) -> None:
    kinds = [moment.kind for moment in robbed.analysis.moments]
    assert kinds[0] == "preparation"
    assert kinds.count("attack") == 2
    assert kinds.count("refused") == 2
    assert [kinds.index(kind) for kind in ("attack", "alert", "decision", "brake")] == sorted(
        kinds.index(kind) for kind in ("attack", "alert", "decision", "brake")
    )
    assert [one.tx for one in robbed.analysis.attempts] == robbed.heist.refused
    assert list(robbed.analysis.hops) == list(HOPS)
    assert robbed.analysis.hops["sent"] - robbed.analysis.hops["received"] == 10_500
    (brake,) = robbed.analysis.brakes
    assert (brake.state, brake.tx) == ("final", robbed.heist.brake)


def test_every_answer_is_kept_as_it_came(robbed: Collected) -> None:
    data = robbed.folder / "data"
    entries = catalogue.read((data / catalogue.FILE).read_bytes()).values()
    methods = {entry.method for entry in entries}
    assert {"eth_getBlockReceipts", "eth_getBlockByNumber", "debug_traceTransaction"} <= methods
    for entry in entries:
        answer = (data / entry.response).read_bytes()
        assert hashlib.sha256(answer).hexdigest() == entry.response_sha256
        assert len(answer) == entry.response_bytes
        assert json.loads((data / entry.request).read_bytes())["method"] == entry.method
    changes = [e for e in entries if "prestateTracer" in str(e.parameters)]
    assert len(changes) == 3, "two thefts and the brake"
    custody = msgspec.json.decode((data / "custody.json").read_bytes(), type=Custody)
    assert custody.who == "Ada Example, on call"
    assert custody.node.startswith("anvil/")
    assert custody.tools.keys() >= {"firebreak", "python"}


def test_the_same_is_found_from_the_evidence_alone(robbed: Collected) -> None:
    case = CaseFile.opened(robbed.folder)
    again = case.analysed()
    assert again == robbed.analysis
    assert publication.documents(case, again, None) == publication.documents(case, again, None)


@pytest.mark.parametrize("what", ["changed", "missing", "additional"])
def test_tampering_is_named(robbed: Collected, tmp_path: Path, what: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(robbed.folder, copy)
    victim = copy / "data" / "custody.json"
    if what == "changed":
        victim.write_bytes(victim.read_bytes().replace(b"Ada", b"Eve"))
    elif what == "missing":
        victim.unlink()
    else:
        victim = victim.with_name("more.json")
        victim.write_bytes(b"{}")
    assert faults(copy) == [f"data/{victim.name}: {what}"]
    with pytest.raises(ConfigurationError, match=f"{victim.name}: {what}"):
        CaseFile.opened(copy)


class Curt:
    """A node that declines some methods."""

    def __init__(self, node: Path, *declines: str) -> None:
        self._node = Verbatim(str(node), 30.0)
        self.name = "curt"
        self._declines = declines

    def exchange(self, request: bytes, most: int) -> bytes:
        if json.loads(request)["method"] in self._declines:
            return b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"not on this plan"}}'
        return self._node.exchange(request, most)


def again(robbed: Collected, folder: Path, node: Node, bounds: Bounds | None = None) -> CaseFile:
    """Collect once more, from another node or with other bounds."""
    asked = replace(sources(robbed.heist, robbed.node, folder / "protocols"), nodes=[node])
    wanted = replace(order(robbed.heist), bounds=bounds or Bounds())
    collect(wanted, asked, folder / "evidence", None)
    return CaseFile.opened(folder / "evidence")


def test_what_a_node_does_not_give_is_told_with_what_follows(
    robbed: Collected, tmp_path: Path
) -> None:
    case = again(robbed, tmp_path, Curt(robbed.node, "debug_traceTransaction"))
    analysis = case.analysed()
    (missing,) = case.custody.missing
    assert missing.startswith("debug_traceTransaction: refused: the node declined: not on this pl")
    assert any(gap.startswith("call trees were not given") for gap in analysis.gaps)
    assert analysis.losses == robbed.analysis.losses, "dollars are told by logs"
    weth = robbed.heist.world.tokens.weth.address
    (wrapper,) = (node for node in analysis.flow.nodes if node.address == weth)
    assert [holding.token for holding in wrapper.stays] == [weth], "what it paid out was not seen"
    assert (
        b"call trees were not given" in publication.documents(case, analysis, None)["report.html"]
    )


def test_an_old_state_that_is_gone_makes_the_stolen_part_larger_and_says_so(
    robbed: Collected, tmp_path: Path
) -> None:
    analysis = again(robbed, tmp_path, Curt(robbed.node, "eth_call")).analysed()
    bridge = robbed.heist.person("bridge").address
    (node,) = (one for one in analysis.flow.nodes if one.address == bridge)
    assert [holding.amount for holding in node.stays] == ["1500000000"]
    assert any("makes the stolen part larger" in gap for gap in analysis.gaps)


def test_bounds_cut_the_search_and_keep_the_proof(robbed: Collected, tmp_path: Path) -> None:
    node = Verbatim(str(robbed.node), 30.0)
    case = again(robbed, tmp_path, node, Bounds(questions=60))
    analysis = case.analysed()
    assert analysis.last < robbed.analysis.last
    assert any("60 questions had been asked" in gap for gap in analysis.gaps)
    assert {theft.tx for theft in analysis.thefts} == set(robbed.heist.thefts)
    for tx in robbed.heist.thefts:
        assert (case.folder / "data" / _asked(case, "debug_traceTransaction", tx)).is_file()


def _asked(case: CaseFile, method: str, tx: str) -> str:
    data = (case.folder / "data" / catalogue.FILE).read_bytes()
    entries = catalogue.read(data).values()
    return next(e.response for e in entries if e.method == method and e.parameters[0] == tx)


def test_a_reorganised_chain_is_not_followed_over_the_seam(
    robbed: Collected, tmp_path: Path
) -> None:
    seam = robbed.analysis.last - 2

    class Forked(Curt):
        def exchange(self, request: bytes, most: int) -> bytes:
            asked = json.loads(request)
            answer = super().exchange(request, most)
            if asked["method"] == "eth_getBlockByNumber" and asked["params"][0] == hex(seam):
                told = json.loads(answer)
                told["result"]["parentHash"] = "0x" + "ab" * 32
                return json.dumps(told).encode()
            return answer

    analysis = again(robbed, tmp_path, Forked(robbed.node)).analysed()
    assert analysis.last == seam - 1
    assert any("was reorganised while it was read" in gap for gap in analysis.gaps)


def test_who_asks_for_no_incident_is_told_which_there_are(
    robbed: Collected, tmp_path: Path
) -> None:
    asked = sources(robbed.heist, robbed.node, tmp_path / "protocols")
    for name, words in (("0" * 16, "must name one case"), ("ab", "at least 8 digits")):
        with pytest.raises(ConfigurationError, match=words):
            collect(replace(order(robbed.heist), incident=name), asked, tmp_path / "bag", None)
    assert not (tmp_path / "bag").exists()


def test_a_recovery_that_nobody_of_ours_signed_is_kept_and_told_and_left_out(
    robbed: Collected, tmp_path: Path
) -> None:
    asked = replace(
        sources(robbed.heist, robbed.node, tmp_path / "protocols"),
        trust=Trust(people=People(Verifier({}))),
    )
    incident = robbed.case.dossier.incident
    forged = Recovery(
        id="f" * 64,
        chain=incident.chain,
        protocol=incident.protocol,
        incident=incident.id,
        progress=Progress(number=1, phase="closed", released=10_000, cause="all well", block=1),
    )
    key = incident.protocol.encode()
    asked.broker.producer().send(RECOVERIES.name, encode(forged), key=key)
    collect(order(robbed.heist), asked, tmp_path / "evidence", None)
    case = CaseFile.opened(tmp_path / "evidence")
    analysis = case.analysed()
    assert case.dossier.recoveries == ()
    assert analysis.moments == robbed.analysis.moments
    assert "recoveries-v1" in analysis.gaps[0]
    assert b"nobody who is believed said it" in documents(case, analysis)
    (kept,) = (case.folder / "data/records/recoveries-v1").iterdir()
    assert kept.read_bytes() == encode(forged)


def documents(case: CaseFile, analysis: Analysis) -> bytes:
    return publication.documents(case, analysis, None)["report.html"]
