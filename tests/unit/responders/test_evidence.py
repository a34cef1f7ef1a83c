from responders.evidence import families, only_volatility, rules_broken
from schemas.alerts import Reason, Vote
from tests.unit.responders.examples import alert, vote


def made_from(*reads: str, name: str = "", **changes: object) -> Vote:
    return vote(name or "-".join(reads), made_from=reads, **changes)  # type: ignore[arg-type]


def count(*votes: Vote) -> int:
    return families(alert(votes=votes))


def test_detectors_made_from_the_same_are_one_witness() -> None:
    assert count(made_from("flows"), made_from("flows", name="other")) == 1
    assert count(made_from("flows"), made_from("calls")) == 2
    assert count(made_from("flows"), made_from("calls"), made_from("writes")) == 3


def test_the_best_choice_counts_not_the_first() -> None:
    assert count(made_from("flows", "calls"), made_from("flows"), made_from("calls")) == 2
    assert count(made_from("a", "b"), made_from("b", "c"), made_from("c", "d")) == 2


def test_one_that_says_nothing_is_a_witness_only_alone() -> None:
    assert count(vote("a-stranger"), vote("another")) == 1
    assert count(vote("a-stranger"), made_from("flows")) == 1


def test_who_did_not_alert_is_no_witness() -> None:
    assert count(made_from("flows", alerted=False)) == 0
    assert count(made_from("flows"), made_from("calls", alerted=False)) == 1


def test_a_thousand_kinds_of_features_make_no_search_of_it() -> None:
    many = [made_from(*(f"k{i}-{j}" for j in range(8))) for i in range(64)]
    assert count(*many) == 1  # those beyond the bound say nothing that counts


def test_rules_and_volatility_are_told_from_the_rest() -> None:
    rule, moves = made_from("flows", tail="rule"), made_from("prices", "volatility")
    assert rules_broken(alert(votes=(rule, moves))) == 1
    assert not only_volatility(alert(votes=(rule, moves)))
    assert only_volatility(alert(votes=(moves, made_from("flows", alerted=False))))
    assert not only_volatility(alert(votes=(made_from("flows", alerted=False),)))


def test_a_price_that_is_bent_while_another_contract_pays_is_no_volatility() -> None:
    pair, pool = "0x" + "cc" * 20, "0x" + "dd" * 20
    reason = Reason(
        feature=f"price_move:{pair}",
        observed=9.0,
        expected=1.0,
        distance=5.0,
        unit="%",
        text="bent",
    )
    moves = made_from("prices", "volatility", reasons=(reason,))
    assert only_volatility(alert(votes=(moves,), losing=()))
    assert only_volatility(alert(votes=(moves,), losing=(pair,))), "a trade, however large"
    assert not only_volatility(alert(votes=(moves,), losing=(pool,)))
    assert not only_volatility(alert(votes=(moves,), losing=(pair, pool)))
