import pytest

from runtime.neighbourhood import MAX_SIGNAL_ODDS
from schemas.actions import Heard, Warned
from schemas.risk import Evidence
from tests.unit.underwriting.worlds import DAY, START, model, sign
from underwriting.likelihood import HIGHEST, MAX_RATIO, WINDOW, Likelihood, likelihood, raised

MODEL = model()


def told(*evidence: object, now: int = START, per_day: float = 1000.0) -> Likelihood:
    return likelihood(
        MODEL.rate,
        MODEL.attacks,
        evidence,  # type: ignore[arg-type]  # of `sign`
        now=now,
        horizon=30 * DAY,
        transactions_per_day=per_day,
    )


def test_without_evidence_it_is_the_recorded_rate() -> None:
    found = told()
    # 600.5 incidents in 12,000 protocol-years, for 30 of 365.25 days
    assert found.probability[0] == pytest.approx(1 - (1 + 30 / 365.25 / 12_000) ** -600.5)
    assert found.heaviest is None


def test_the_interval_holds_the_probability_and_what_the_exposure_may_be() -> None:
    likely, low, high = told().probability
    assert low < likely / 1.9
    assert high > likely * 1.9


def test_an_alert_raises_it_by_its_weight_among_all_chances() -> None:
    found = told(sign(1e-7))
    chance = 1 - (1 - 1e-7) ** 3000
    assert found.times[0] == pytest.approx(0.1 * chance**-0.9, rel=1e-6)
    base, raised = found.base[0], found.probability[0]
    assert raised / (1 - raised) == pytest.approx(found.times[0] * base / (1 - base))


def test_the_busier_a_protocol_the_less_an_alert_says() -> None:
    assert told(sign(), per_day=1e5).probability[0] < told(sign(), per_day=10).probability[0]


def test_evidence_fades_and_ends() -> None:
    fresh, later = told(sign()), told(sign(), now=START + 21_600)
    assert later.times[0] - 1 == pytest.approx((fresh.times[0] - 1) / 2.718281828)
    assert told(sign(), now=START + WINDOW + 1).times == (1.0, 1.0, 1.0)


def test_a_prepared_sender_weighs_more_but_not_without_end() -> None:
    one, prepared = told(sign(1e-4)), told(sign(1e-4, odds=50.0))
    assert prepared.times[0] == pytest.approx(50.0 * max(1.0, one.times[0]))
    assert told(sign(0.0, odds=1e4)).times[0] == pytest.approx(MAX_RATIO * 100.0)


def test_only_the_heaviest_counts() -> None:
    strong, weak = sign(1e-8, number=2), sign(1e-5, number=1)
    assert told(weak, strong).times == told(strong).times
    assert told(weak, strong).heaviest == strong


def test_nothing_makes_it_certain() -> None:
    assert told(sign(0.0, odds=1e4)).probability[2] == HIGHEST


def heard(*ratios: float, issuers: int = 9, unmasked: int = 0) -> Heard:
    said = [
        Warned(issuer=f"0x{place:040x}", signal=f"{place:064x}", ratio=ratio)
        for place, ratio in enumerate(ratios)
    ]
    return Heard(issuers=issuers, unmasked=unmasked, warnings=tuple(said))


def weighed(word: Heard | None, *evidence: Evidence) -> Likelihood:
    return told(*evidence).with_word(word)


def test_neighbours_move_it_by_what_an_honest_one_stands_for() -> None:
    calm, warned = weighed(None), weighed(heard(*[4.0] * 5))
    assert warned.times == (4.0, 1.0, MAX_SIGNAL_ODDS)
    assert warned.probability[0] == raised(calm.probability[0], 4.0)
    assert warned.probability[1] == calm.probability[1]


@pytest.mark.parametrize("word", [heard(1e9), heard(1e9, 1e9, 1e9), heard(), heard(1.0, 1.0)])
def test_a_third_that_lies_does_not(word: Heard) -> None:
    assert weighed(word).probability == weighed(None).probability


def test_all_of_them_move_it_tenfold_at_most() -> None:
    assert weighed(heard(*[1e9] * 9)).times == (MAX_SIGNAL_ODDS, 1.0, MAX_SIGNAL_ODDS)


def test_a_warning_and_an_alert_are_not_multiplied() -> None:
    word, own = heard(*[4.0] * 9), sign(p_value=1e-9)
    alone = weighed(None, own)
    both = weighed(word, own)
    assert both.times == alone.times
    assert both.heaviest == own
    weak = sign(p_value=0.5)
    assert weighed(word, weak).times[0] == 4.0
    assert weighed(word, weak).heaviest is None
