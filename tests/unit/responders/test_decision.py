from responders.decision import decide
from responders.guard import GuardState, Spent
from responders.policy import candidates
from schemas.alerts import Alert
from schemas.chain import Posture
from schemas.manifest import Manifest
from tests.unit.responders.examples import CHAIN, POOL, alert, brake, costs, manifest


def decided(
    given: Alert, by: Manifest, state: GuardState | None = None, head: int = 101
) -> tuple[bool, str]:
    candidate = candidates(given, by)[0]
    decision = decide(given, candidate, by, state or GuardState(), head)
    return decision.allowed, decision.reason


def test_policy_halt_and_guard_must_all_agree() -> None:
    assert decided(alert(), manifest())[0]


def test_policy_objects_first() -> None:
    given = alert(p_value=0.9)
    assert "for people" in decided(given, manifest(brake(scope="T3")))[1]


def test_a_weak_alert_does_not_justify_the_cost() -> None:
    allowed, reason = decided(alert(p_value=0.3), manifest(halt=costs(prior=1e-4)))
    assert not allowed
    assert "too unlikely" in reason


def test_the_guard_has_the_last_word() -> None:
    spent = Spent("b" * 64, "meadow", f"{CHAIN}:{POOL}", alert().timestamp)
    assert decided(alert(), manifest(), GuardState((spent,))) == (
        False,
        "the budget is spent: 1 brakes in 86400 s",
    )
    assert not decided(alert(), manifest(), head=127)[0]


def test_every_number_is_there_whoever_objected() -> None:
    given, by = alert(phase="pending"), manifest(brake(scope="T3"))
    decision = decide(given, candidates(given, by)[0], by, GuardState(), 103)
    terms = {term.name: term.value for term in decision.terms}
    assert terms["detectors_agreeing"] == 2.0
    assert terms["pending"] == 1.0
    assert terms["p_value"] == 1e-6
    assert terms["prior"] == 0.01
    assert terms["blocks_behind"] == 2.0
    assert terms.keys() >= {"bayes_factor", "probability", "avoidable_loss", "brakes_left"}
    assert len(decision.terms) <= 32


def weighed(odds: float | None) -> dict[str, float]:
    posture = None if odds is None else Posture(mixer_fundings=1, odds=odds)
    given, by = alert(p_value=1e-3, posture=posture), manifest()
    decision = decide(given, candidates(given, by)[0], by, GuardState(), 103)
    return {term.name: term.value for term in decision.terms}


def test_how_the_sender_prepared_raises_the_prior_and_nothing_else() -> None:
    plain, prepared = weighed(None), weighed(10.0)
    assert (plain["posture_odds"], prepared["posture_odds"]) == (1.0, 10.0)
    assert prepared["prior"] > plain["prior"]
    assert prepared["probability"] > plain["probability"]
    changed = {name for name in plain if plain[name] != prepared[name]}
    assert changed == {"posture_odds", "prior", "probability"}
