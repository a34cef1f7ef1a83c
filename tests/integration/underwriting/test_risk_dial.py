"""The step rule on a node: against its model, and under lying, flapping and silent oracles."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.node import LocalNode, RpcError
from tests.integration.underwriting.turned import CERTAIN, Turned
from tests.risk_model import WHOLE, Reading, Rule, State, aims, nobody_since, stepped

pytestmark = pytest.mark.node

NOW = 2_000_000_000
times = st.integers(NOW - 200_000, NOW)
states = st.builds(State, st.integers(0, WHOLE), times, st.one_of(st.just(0), times))
readings = st.one_of(
    st.integers(0, CERTAIN).map(Reading),
    st.builds(Reading, st.just(0), st.sampled_from([False]), st.one_of(st.just(0), times)),
)


@pytest.fixture
def turned(chain_node: LocalNode) -> Turned:
    return Turned(chain_node)


@settings(
    max_examples=150, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(states, readings, readings)
def test_the_contract_steps_as_the_model_and_within_its_bounds(
    turned: Turned, state: State, a: Reading, b: Reading
) -> None:
    rule, after = turned.rule, turned.stepped(state, a, b, NOW)
    assert after == stepped(rule, state, a, b, NOW)
    moved = after.tightness - state.tightness
    assert moved <= rule.tighten
    up, down = aims(rule, a, b)
    assert up <= down
    if moved > 0:
        assert NOW - state.stepped_at >= rule.tighten_every
        # no single source brings it above `solo`
        assert after.tightness <= max(rule.solo, state.tightness) or (a.fresh and b.fresh)
    if moved < 0:
        assert NOW - state.stepped_at >= rule.relax_every
        nobody = nobody_since(a, b)
        calm_since = state.calm_since or nobody
        assert calm_since != 0
        assert NOW - calm_since >= rule.calm_for
        # more than one step only where nobody speaks, and no more than there was time for
        missed = (NOW - nobody) // rule.relax_every if nobody else 0
        assert -moved <= rule.relax * (1 + missed)


def test_both_sources_together_tighten_it_step_by_step(turned: Turned) -> None:
    found = []
    for _ in range(5):
        turned.says(90, 80)
        found.append(turned.turned(after=60))
    assert found == [2_500, 5_000, 7_500, 10_000, 10_000]


def test_a_second_look_in_the_same_minute_changes_nothing(turned: Turned) -> None:
    turned.says(90, 90)
    turned.turned(after=60)
    assert turned.turned(after=12) == 2_500


@pytest.mark.parametrize("liar", [0, 1])
def test_one_liar_that_cries_wolf_moves_it_to_solo_at_most(turned: Turned, liar: int) -> None:
    for _ in range(6):
        turned.says(*((100, 0) if liar == 0 else (0, 100)))
        assert turned.turned(after=600) <= turned.rule.solo
    assert turned.tightness == turned.rule.solo


@pytest.mark.parametrize("liar", [0, 1])
def test_one_liar_that_says_all_is_well_cannot_keep_it_below_solo(
    turned: Turned, liar: int
) -> None:
    turned.says(*((0, 100) if liar == 0 else (100, 0)))
    assert turned.turned(after=60) == turned.rule.solo


def test_a_liar_cannot_hold_it_tight_when_the_other_sees_calm(turned: Turned) -> None:
    for _ in range(4):
        turned.says(100, 100)
        turned.turned(after=60)
    assert turned.tightness == WHOLE
    for _ in range(24):
        turned.says(100, 0)
        turned.turned(after=600)
    assert turned.tightness == turned.rule.solo


def test_relaxing_needs_calm_that_lasts(turned: Turned) -> None:
    turned.says(100, 100)
    assert turned.turned(after=60) == 2_500
    turned.says(0, 0)
    assert turned.turned(after=60) == 2_500  # it begins to count
    turned.says(0, 0)
    assert turned.turned(after=1_600) == 2_500
    turned.says(0, 0)
    assert turned.turned(after=600) == 2_000
    turned.says(0, 0)
    assert turned.turned(after=60) == 2_000  # one step in ten minutes
    assert turned.turned(after=600) == 1_500


def test_flapping_tightens_and_never_relaxes(turned: Turned) -> None:
    found = [turned.tightness]
    for place in range(12):
        turned.says(*((100, 100) if place % 2 else (0, 0)))
        found.append(turned.turned(after=120))
    assert all(0 <= later - earlier <= turned.rule.tighten for earlier, later in pairwise(found))
    assert found[-1] == WHOLE


def silent_from(turned: Turned) -> int:
    """The last second at which both sources are not silent yet."""
    heard = (int(turned.ask(turned.dial, "heard", which)) for which in (0, 1))
    return max(heard) + turned.rule.silence


def looked(turned: Turned, at: int) -> int:
    """Take a look at a time of the chain."""
    return turned.turned(after=at - turned.chain.timestamp())


def test_silence_holds_it_and_then_lets_go(turned: Turned) -> None:
    turned.says(100, 100)
    turned.turned(after=60)
    assert turned.turned(after=4_000) == 2_500  # stale: held
    assert turned.turned(after=20_000) == 2_500
    silent, calm_for = silent_from(turned), turned.rule.calm_for
    assert looked(turned, silent) == 2_500
    assert looked(turned, silent + 1) == 2_500  # silent: calm counts
    assert looked(turned, silent + calm_for - 1) == 2_500
    found = [looked(turned, silent + calm_for + place * 600) for place in range(5)]
    assert found == [2_000, 1_500, 1_000, 500, 0]


@pytest.mark.parametrize(("steps", "tight"), [(0, 2_000), (3, 500), (4, 0), (1_000, 0)])
def test_a_look_after_long_silence_takes_the_steps_that_nobody_took(
    turned: Turned, steps: int, tight: int
) -> None:
    turned.says(100, 100)
    turned.turned(after=60)
    relaxed = silent_from(turned) + turned.rule.calm_for
    assert looked(turned, relaxed + steps * turned.rule.relax_every) == tight


def test_one_silent_source_gives_the_other_no_more_than_one_step(turned: Turned) -> None:
    turned.says(100, 100)
    turned.turned(after=60)
    turned.chain.mine(200_000)
    turned.says(0, None)
    assert turned.turned() == 2_500  # calm begins now
    turned.chain.mine(20_000)
    turned.says(0, None)
    assert turned.turned() == 2_000


def test_a_turn_is_due_when_it_would_change_something(turned: Turned) -> None:
    def due() -> bool:
        turned.chain.mine(1)
        return bool(turned.ask(turned.dial, "due"))

    turned.says(0, 0)
    assert not due()
    for place in range(4):
        turned.says(100, 100)
        turned.chain.mine(60)
        assert due(), place
        turned.turned()
        assert not due(), "one step a minute"
    turned.says(100, 100)
    assert not due(), "it is where it should be"
    turned.chain.mine(turned.rule.fresh)
    turned.says(100, 100)
    assert due(), "that they spoke is worth a note"
    turned.turned()
    assert not due()
    turned.says(0, 0)
    assert due(), "calm begins"
    turned.turned()
    assert not due()
    turned.chain.mine(turned.rule.calm_for)
    turned.says(0, 0)
    assert due()
    turned.turned()
    turned.says(100, 100)
    assert due(), "calm ends"


def test_while_all_is_calm_no_turn_is_due_for_days(turned: Turned) -> None:
    for _ in range(3):
        turned.chain.mine(86_400)
        turned.says(0, 1)
        assert not turned.ask(turned.dial, "due")


def test_who_brings_little_gas_cannot_make_sources_look_silent(turned: Turned) -> None:
    turned.says(100, 100)
    turned.turned(after=60)
    turned.chain.mine(10 * turned.rule.silence)
    turned.says(100, 100)
    turned.chain.mine(60)
    call = {"from": turned.liquidator.address, "to": turned.dial.address}
    call["data"] = "0x" + turned.dial.call("turn").data.hex()
    found = set()
    for gas in range(24_000, 150_000, 2_000):
        try:
            answer = turned.node.rpc("eth_call", call | {"gas": hex(gas)}, "latest")
        except RpcError:
            continue
        found.add(int(answer, 16))
    assert found == {5_000}


def test_one_stale_source_leaves_the_other_its_solo(turned: Turned) -> None:
    turned.chain.mine(4_000)
    turned.says(100, None)
    assert turned.turned(after=60) == turned.rule.solo
    turned.says(100, None)
    assert turned.turned(after=60) == turned.rule.solo


@pytest.mark.parametrize("nonsense", ["broken", "negative", "beyond certainty", "future", "never"])
def test_what_cannot_be_read_is_stale_and_stops_nothing(turned: Turned, nonsense: str) -> None:
    bad, now = turned.sources[1], turned.chain.timestamp()
    call = {
        "broken": bad.call("breakDown"),
        "negative": bad.call("set", -1, now),
        "beyond certainty": bad.call("set", CERTAIN + 1, now),
        "future": bad.call("set", CERTAIN, now + 10_000_000),
        "never": bad.call("set", CERTAIN, 0),
    }[nonsense]
    turned.own(call)
    turned.says(100, None)
    assert turned.turned(after=60) == turned.rule.solo


@pytest.mark.parametrize(
    "bent",
    [
        {"calm": 50_000_000},
        {"alarm": CERTAIN + 1},
        {"solo": 5_001},
        {"tighten": 0},
        {"tighten": 2_501},
        {"relax": 0},
        {"relax": 2_501},
        {"tighten_every": 59},
        {"relax_every": 59},
        {"calm_for": 1_799},
        {"fresh": 0},
        {"silence": 3_600},
        {"silence": 7 * 86_400 + 1},
    ],
)
def test_no_rule_lifts_the_bounds(turned: Turned, bent: dict[str, int]) -> None:
    call = turned.dial.call("setRule", Rule(**bent))
    assert turned.refused(turned.dial, turned.owner, call) == "OutOfRange"
    good = turned.dial.call("setRule", Rule(solo=1_000))
    assert turned.refused(turned.dial, turned.liquidator, good) == "OwnableUnauthorizedAccount"
    assert turned.refused(turned.dial, turned.owner, good) == ""
