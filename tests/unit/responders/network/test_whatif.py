"""The example of docs/decisions.md, number by number."""

from pathlib import Path

import pytest

from responders import policy
from responders.holdings import stated
from responders.network.graph import build, claims
from responders.network.whatif import Report, Shock, whatif
from runtime.manifests import load_manifests
from schemas.errors import ConfigurationError
from tests.unit.responders.examples import inputs

FOLDER = Path(__file__).parents[4] / "docs" / "whatif"
MANIFESTS = list(load_manifests(FOLDER).values())
WORTH = {manifest.protocol: stated(manifest) for manifest in MANIFESTS}


def answer(prices: dict[str, float] | None = None, **outflows: float) -> Report:
    return whatif(MANIFESTS, WORTH, Shock(prices or {}, outflows))


def by_label(report: Report, numbers: object) -> dict[str, float]:
    return {report.nodes[name].label: n for name, n in numbers.items()}  # type: ignore[attr-defined]


def test_manifests_and_what_they_hold_make_the_graph() -> None:
    graph, nodes = build(MANIFESTS, WORTH)
    named = {(nodes[u].label, nodes[v].label): d["exposure"] for u, v, d in graph.edges(data=True)}
    assert named == {
        ("AUSD", "LendingPool"): 1_500_000,
        ("CLV", "LendingPool"): 500_000,
        ("AUSD", "CLV/AUSD"): 100_000,
        ("CLV", "CLV/AUSD"): 100_000,
        ("AUSD", "Vault"): 800_000,
        ("LendingPool", "Meadow"): 2_000_000,
        ("CLV/AUSD", "Meadow"): 200_000,
        ("Vault", "Orchard"): 800_000,
        ("Meadow", "Vault"): 400_000,
    }


def test_what_is_owed_is_what_others_lent_and_the_rest_to_users() -> None:
    _, nodes = build(MANIFESTS, WORTH)
    owed = {(u, v): d["owed"] for u, v, d in claims(MANIFESTS, nodes).edges(data=True)}
    assert owed == {
        ("meadow", "orchard"): 400_000,
        ("meadow", "users of meadow"): 1_800_000,
        ("orchard", "users of orchard"): 800_000,
    }


def test_money_that_leaves_a_pool_reaches_the_vault_on_top() -> None:
    report = answer(meadow=300_000.0)
    assert by_label(report, report.losses) == pytest.approx(
        {"LendingPool": 272_727.3, "CLV/AUSD": 27_272.7, "Vault": 54_545.5}, abs=0.1
    )
    assert by_label(report, dict.fromkeys(report.isolation.halted, 0.0)).keys() == {
        "LendingPool",
        "Vault",
    }
    assert by_label(report, dict.fromkeys(report.isolation.lost, 0.0)).keys() == {"CLV/AUSD"}
    assert report.isolation.cost == pytest.approx(5_000 + 2_000 + 27_272.73)
    assert report.recovery == pytest.approx({"meadow": 1.9 / 2.2, "orchard": 1.0})


def test_a_price_that_falls_reaches_whoever_holds_the_token() -> None:
    report = answer({"CLV": 0.4})
    stress = by_label(report, report.stress)
    assert (stress["LendingPool"], stress["CLV/AUSD"]) == pytest.approx((0.1, 0.2))
    assert "Vault" in by_label(report, report.losses)
    (pair, pool) = sorted(report.halts, key=lambda halt: halt.brake)
    assert (pair.brake, pool.brake) == ("halt-pair", "pause-pool")
    # 50,000 against what it stops, less its own cost
    assert pool.needs == pytest.approx(50_000 / (50_000 + pool.stops - 5_000))


def test_everything_is_halted_lost_or_spared() -> None:
    report = answer({"CLV": 0.4})
    outcomes = {report.nodes[name].label: report.outcome(name) for name in report.losses}
    assert outcomes == {"LendingPool": "halted", "CLV/AUSD": "halted", "Vault": "spared"}
    assert report.outcome("meadow") == ""


@pytest.mark.parametrize(
    "shock", [Shock({"DOGE": 0.5}, {}), Shock({}, {"nobody": 1.0})], ids=["token", "protocol"]
)
def test_what_no_manifest_knows_is_refused(shock: Shock) -> None:
    with pytest.raises(ConfigurationError, match="no manifest"):
        whatif(MANIFESTS, WORTH, shock)


def test_what_is_held_has_to_be_known() -> None:
    with pytest.raises(ConfigurationError, match="is not known"):
        whatif(MANIFESTS, {}, Shock({}, {"meadow": 1.0}))


@pytest.mark.parametrize("token", ["CLV", "AUSD"])
def test_what_waits_on_a_price_is_what_the_ladder_keeps_from_volatility(token: str) -> None:
    report = answer({token: 0.4})
    assert report.halts
    for halt in report.halts:
        asked = inputs(also_stops=frozenset(halt.also_stops), volatility_only=1.0)
        refused = policy.objection(asked)
        assert bool(halt.not_on_a_price) == ("a price that moves" in refused)
        for activity in halt.not_on_a_price:
            assert activity in refused
