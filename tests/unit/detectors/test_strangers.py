"""A stranger's detector runs confined: whatever it does, the others go on, bit for bit."""

import dataclasses
import sys
from collections.abc import Iterable, Iterator

import orjson
import pytest

from detectors.api import Detector, Features, Scope
from detectors.host import Host
from detectors.rules import Rules
from detectors.samples import CHAIN, PROTOCOL, address, make
from detectors.scoring import score_case
from detectors.sets import HostMaker
from detectors.strangers import messages, outside
from detectors.strangers.outside import Stranger, StrangerError
from detectors.strangers.probes import MISDEEDS, prove
from schemas.chain import Transaction, Write
from schemas.errors import ConfigurationError
from tests.unit.detectors.fakes import GasSize
from tests.unit.detectors.moody import ALLOCATE, DIE, LOOP, Moody
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strangers run on Linux only")

HERE = "tests.unit.detectors.moody:Moody"
WRITES = (Write(contract=address(10), slot="0", value="1"),)


@pytest.fixture(scope="module")
def started() -> Iterator[Stranger]:
    stranger = Stranger("moody", HERE)
    yield stranger
    stranger.end()


@pytest.fixture
def moody(started: Stranger) -> Stranger:
    """One process for all tests, which has done nothing wrong yet."""
    started.strikes, started.off = 0, False
    until(started.ready)
    return started


def host(*sources: type[Detector] | Stranger) -> Host:
    named: dict[str, type[Detector] | Stranger] = {s.spec.name: s for s in sources}
    return Host(Scope(CHAIN, PROTOCOL), Rules(set_name="core", finality=1, budget=0.01), named)


def tx(block: int, gas: int = 1, index: int = 0, **parts: object) -> Transaction:
    return make(block, block=block, index=index, gas_used=str(gas), writes=WRITES, **parts)


def scores(of: Host, records: Iterable[Transaction]) -> list[float]:
    opinions = [of.take(record)[0] for record in records]
    return [opinion.views[-1].score for opinion in opinions if opinion is not None]


def test_every_misdeed_is_stopped() -> None:
    proofs = list(prove())
    assert [proof.limit for proof in proofs] == list(MISDEEDS)
    assert [(proof.limit, proof.detail) for proof in proofs if not proof.held] == []
    told = {proof.limit: proof.detail for proof in proofs}
    assert told["loops without end"].startswith("time:")
    assert told["sleeps without end"].startswith("time:")
    # On a busy machine its time is over before its memory is.
    assert told["allocates without end"].startswith(("memory:", "time:"))
    assert "not permitted" in told["forks"]
    assert "SIGSEGV" in told["crashes"]


def test_it_says_confined_what_it_says_here(moody: Stranger) -> None:
    records = [tx(block, gas=block * 31 % 23) for block in range(60)]
    confined, free = host(moody), host(Moody)
    assert scores(confined, records) == scores(free, records)
    saved = confined.dump()["members"]["moody"]["state"]["state"]
    assert orjson.loads(saved) == free.dump()["members"]["moody"]["state"]["state"]


@pytest.mark.parametrize(
    ("deed", "ends"),
    # On a busy machine its time is over before its memory is.
    [(LOOP, ("time",)), (ALLOCATE, ("memory", "time")), (DIE, ("died",))],
    ids=["loops", "allocates", "dies"],
)
def test_after_a_failure_it_knows_what_it_knew(
    moody: Stranger, deed: str, ends: tuple[str, ...]
) -> None:
    records = [tx(block, gas=block * 31 % 23) for block in range(60)]
    subject, free = host(moody), host(Moody)
    scores(free, records[:30])
    scores(subject, records[:30])
    assert scores(subject, [tx(29, index=1, selector=deed)]) == [0.0]
    ((name, fault),) = subject.faults()
    assert name == "moody"
    assert any(end in fault for end in ends)
    until(moody.ready)
    assert scores(subject, records[30:]) == scores(free, records[30:])
    assert moody.strikes == 1


def test_a_copy_loaded_from_its_snapshot_goes_on_like_it(moody: Stranger) -> None:
    original, copy = host(moody), host(moody)
    scores(original, [tx(block, gas=block % 5) for block in range(20)])
    copy.load(orjson.loads(orjson.dumps(original.dump())))
    later = [tx(block, gas=block % 7) for block in range(20, 40)]
    assert scores(original, later) == scores(copy, later)
    assert orjson.dumps(original.dump()) == orjson.dumps(copy.dump())


def test_what_ours_say_does_not_depend_on_a_stranger(moody: Stranger) -> None:
    records = [
        tx(block, gas=90 if block % 40 == 39 else block % 7, selector=DIE if block == 20 else None)
        for block in range(200)
    ]
    beside, alone = host(GasSize, moody), host(GasSize)
    for record in records:
        theirs, ours = beside.take(record)[0], alone.take(record)[0]
        assert theirs is not None
        assert ours is not None
        assert theirs.views[0] == ours.views[0]
        assert theirs.together == ours.together
    with_it, without = beside.dump(), alone.dump()
    for part in ("mark", "learned", "allowance"):
        assert with_it[part] == without[part]
    scales, alone_scales = with_it["scales"]["storage"], without["scales"]["storage"]
    assert scales["evidence"] == alone_scales["evidence"]
    assert scales["scores"][0] == alone_scales["scores"][0]
    assert with_it["members"]["gas-size"] == without["members"]["gas-size"]


def test_it_is_off_after_too_many_failures_and_says_so(
    moody: Stranger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "MAX_STRIKES", 2)
    subject = host(GasSize, moody)
    for block in range(2):
        until(moody.ready)
        subject.take(tx(block, selector=DIE))
    assert moody.off
    faults = [fault for _, fault in subject.faults()]
    assert len(faults) == 2
    assert "switched off after 2 failures" in faults[-1]
    assert scores(subject, [tx(99, gas=7, selector=LOOP)]) == [0.0]
    assert list(subject.faults()) == []
    assert subject.dump()["members"]["moody"]["state"] == {"state": None}


def test_good_answers_make_up_for_strikes(moody: Stranger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "FORGIVEN_AFTER", 3)
    moody.strike()
    for _ in range(3):
        assert moody.strikes == 1
        moody.praise()
    assert moody.strikes == 0


class Unmoved(GasSize):
    """Never finds anything."""

    spec = dataclasses.replace(GasSize.spec, name="unmoved")

    def score_one(self, x: Features) -> float:
        return 0.0


def test_an_alert_of_a_stranger_alone_is_its_own(moody: Stranger) -> None:
    subject = host(Unmoved, moody)
    scores(subject, [tx(block) for block in range(120)])
    opinion, alert = subject.take(tx(120, gas=400))
    assert alert is not None
    assert opinion is not None
    assert opinion.together > 0.01
    assert [vote.detector for vote in alert.votes if vote.alerted] == ["moody"]
    subject.take(tx(122))
    learned = subject.dump()["members"]
    assert [400.0, 1.0] in learned["unmoved"]["state"]["state"]["learned"]
    assert [400.0, 1.0] not in orjson.loads(learned["moody"]["state"]["state"])["learned"]


def test_a_new_strangers_vote_does_not_count_yet(moody: Stranger) -> None:
    subject = host(moody)
    scores(subject, [tx(block) for block in range(20)])
    assert subject.take(tx(20, gas=400))[1] is None


def test_cases_come_and_go_without_filling_its_memory(moody: Stranger) -> None:
    before = moody.strikes
    for _ in range(50):
        scores(host(moody), [tx(0), tx(1)])
    assert moody.strikes == before
    assert len(moody._gone) <= 2


def test_scoring_tells_what_failed(moody: Stranger) -> None:
    maker = HostMaker("core", {"moody": moody, "gas-size": GasSize}, {}, lambda _chain: 1)
    problems: list[str] = []
    records = [tx(0), tx(1, selector=ALLOCATE), tx(2)]
    rows = list(score_case("case", records, maker, problems))
    assert len(rows) == 3
    (problem,) = problems
    assert problem.startswith(f"case: {records[1].tx}: moody: features: memory: MemoryError")


def test_an_answer_to_another_question_ends_the_process(moody: Stranger) -> None:
    with pytest.raises(StrangerError, match="is no answer to that"):
        moody.ask(messages.Make(10**6, CHAIN, PROTOCOL, None, None), messages.Scored)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("no_such_module:X", "No module named"),
        ("json:loads", "not a subclass"),
        ("tests.unit.detectors.misbehaving:LoopsOnImport", "time"),
    ],
)
def test_one_that_cannot_begin_says_why(
    entry: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outside, "BEGIN_SECONDS", 2.0)
    with pytest.raises(ConfigurationError, match=reason) as refused:
        Stranger("strange", entry)
    assert "plug-in strange cannot be run" in str(refused.value)
