import math
import random

import orjson
import pytest
from river import stats

from detectors import events
from detectors.event_sizes import MEMORY, UNKNOWN, WARM_UP, Size
from detectors.events import EventHost
from detectors.rules import Rules
from schemas.alerts import Alert
from schemas.chain import Event
from schemas.codec import encode
from schemas.ids import content_id

FINALITY = 4
TOKEN = f"0x{7:040x}"


def host(budget: float = 0.01) -> EventHost:
    return EventHost("eip155:1", "p", Rules(set_name="events", finality=FINALITY, budget=budget))


def event(block: int, value: object, *, log: int = 0, name: str = "Transfer") -> Event:
    return Event(
        id=content_id("event", block, log),
        chain="eip155:1",
        block=block,
        block_hash=f"0x{block:064x}",
        timestamp=1_600_000_000 + block,
        tx=f"0x{block:064x}",
        index=0,
        log=log,
        contract=TOKEN,
        protocol="p",
        name=name,
        arguments={"from": f"0x{1:040x}", "value": str(value)},
    )


def taught(count: int = 600) -> EventHost:
    chance, made = random.Random(1), host()
    for block in range(count):
        made.take(event(block, int(chance.lognormvariate(40, 1))))
    return made


def raised(made: EventHost, given: Event) -> Alert | None:
    return made.take(given)[1]


def test_an_amount_far_beyond_the_contracts_own_alerts_and_says_why() -> None:
    alert = raised(taught(), event(700, 10**25))
    assert alert is not None
    assert alert.votes[0].reasons[0].feature == "Transfer:value"
    assert alert.votes[0].evidence[0].log == 0
    assert "value of Transfer" in alert.summary
    assert encode(alert)


def test_nothing_is_said_before_a_size_is_known() -> None:
    made = host(budget=0.5)
    for block in range(FINALITY + int(WARM_UP) - 1):
        assert made.take(event(block, 10 ** (block % 20))) == (UNKNOWN, None)


def test_ordinary_amounts_alert_within_the_budget() -> None:
    made, chance = taught(3_000), random.Random(2)
    alerts = sum(
        raised(made, event(4_000 + n, int(chance.lognormvariate(40, 1)))) is not None
        for n in range(3_000)
    )
    assert alerts <= 3_000 * 0.01 * 2


def test_what_alerts_is_learned_only_when_final_and_counts_for_little() -> None:
    made = taught()
    assert raised(made, event(700, 10**25)) is not None
    assert raised(made, event(701, 10**25)) is not None  # not learned within the attack
    for block in range(702, 710):
        made.take(event(block, int(math.exp(40))))
    assert raised(made, event(710, 10**25)) is not None


def test_a_redelivery_is_not_taken_twice() -> None:
    made = taught()
    assert made.take(event(700, 5))[0] is not None
    assert made.take(event(700, 5)) == (None, None)
    assert made.take(event(699, 5)) == (None, None)


def test_a_retracted_block_is_forgotten_and_its_alerts_withdrawn() -> None:
    made, other = taught(), taught()
    alert = raised(made, event(700, 10**25))
    assert alert is not None
    (withdrawal,) = made.retract(700, f"0x{700:064x}")
    assert withdrawal.alert == alert.id
    assert made.retract(700, f"0x{700:064x}") == []
    for block in range(701, 720):
        assert made.take(event(block, 10**18)) == other.take(event(block, 10**18))


@pytest.mark.parametrize("value", ["", "-", "0x12", "-0x1", "1e5", "٣", "1" * 78, "-5", True])
def test_arguments_of_any_kind_are_survived(value: object) -> None:
    made = host()
    for block in range(20):
        assert made.take(event(block, value))[0] == pytest.approx(UNKNOWN, abs=2.0)


def test_many_kinds_of_events_cannot_fill_the_memory() -> None:
    made = host()
    for block in range(1_000):
        made.take(event(block, 5, name=f"E{block}"))
    assert len(made.dump()["sizes"]) <= 64


def test_a_snapshot_continues_to_the_last_bit() -> None:
    made, copy = taught(), host()
    made.take(event(650, 10**25))
    copy.load(orjson.loads(orjson.dumps(made.dump())))
    chance = random.Random(3)
    for block in range(651, 900):
        given = event(block, int(chance.lognormvariate(41, 2)))
        assert copy.take(given) == made.take(given)
    assert copy.dump() == made.dump()


def test_river_is_the_oracle_for_mean_and_variance() -> None:
    size, oracle, chance = Size(), stats.Var(), random.Random(4)
    for _ in range(int(MEMORY) - 10):
        value, weight = chance.gauss(3.0, 2.0), chance.choice((1.0, 0.05))
        size.learn(value, weight)
        oracle.update(value, weight)
    assert size.mean == pytest.approx(oracle.mean.get(), rel=1e-12)
    assert size.squares / (size.n - 1.0) == pytest.approx(oracle.get(), rel=1e-12)


@pytest.mark.parametrize("words", ["--5", "9" * 400, "٣", "", "-", "1e5", "nan"])
def test_words_that_a_stranger_wrote_are_no_numbers(words: str) -> None:
    made = taught(50)
    for block in range(600, 640):
        made.take(event(block, words))
    made.take(event(700, 5))
    assert b"null" not in orjson.dumps(made.dump())


def test_events_that_found_no_room_leave_the_chain_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MAX_WAITING", 0)
    made = host()
    made.take(event(1, 5, log=9))
    made.retract(1, f"0x{1:064x}")
    assert made.take(event(1, 5, log=2))[0] is not None
