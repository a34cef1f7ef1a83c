"""What is found in contracts that are known to be sound: every false finding is named here, and
listed in docs/assurance.md."""

from collections import Counter

import pytest

from assurance.chain import Trial
from assurance.checks.brakes import Asking, Pull
from sandbox.evm import Account
from tests.integration.assurance.ground import Ground
from tests.integration.assurance.sound import ALL, aaves

pytestmark = pytest.mark.node

STOPPED = True
NO_PLAN = "no-brake"
FALSE = {
    ("other 3", "delegates-to-computed"): "MultiSend is meant to be delegated to, and delegates on",
    ("other 6", "delegates-to-caller"): "SimulateTxAccessor is meant to be delegated to",
}
"""Of Safe's package: true of the code, and meant so."""
TRUE = {("token 3", "open-function"): "Aave's MintableERC20 mints for anyone, as a mock may"}
EXPECTED = {"openzeppelin": set(), "safe": set(FALSE), "uniswap": set(), "aave": set(TRUE)}


@pytest.mark.parametrize("package", ALL)
def test_what_is_found_in_sound_contracts(ground: Ground, package: str) -> None:
    watched = ALL[package](ground)
    found = ground.assessed(*watched, shelf=ground.named(*(one for one, _ in watched)))
    names = {one.address: one.name for one in found.contracts}
    told = {
        (names[one.contract or ""], one.weakness)
        for one in found.findings
        if one.weakness != NO_PLAN
    }
    assert told == EXPECTED[package]
    assert [one.unseen for one in found.contracts] == [()] * len(watched)


@pytest.fixture(scope="module")
def aave_stopped(ground: Ground) -> dict[str, str]:
    """How every function of the pool stands while all of it is paused."""
    (pool, role), (configurator, _), _, (token, _) = aaves(ground)
    people, user = (Account.named(name).address for name in ("people", "user"))
    stop = configurator.interface.encode("setPoolPause", STOPPED)
    found = ground.assessed(
        (pool, role),
        pulls=(Pull("pause-pool", Trial(people, configurator.address, stop)),),
        shelf=ground.named(pool),
        asking=Asking((token.address,), (user,)),
    )
    assert found.findings == ()
    return {one.function.partition("(")[0]: one.stance for one in found.contracts[0].functions}


@pytest.mark.parametrize(
    "function", ["withdraw", "borrow", "supply", "deposit", "repay", "repayWithATokens"]
)
def test_aaves_own_brake_is_shown_to_stop(aave_stopped: dict[str, str], function: str) -> None:
    assert aave_stopped[function] == "braked"


def test_what_no_made_up_call_can_show_is_said_to_be_not_shown(
    aave_stopped: dict[str, str],
) -> None:
    stances = Counter(aave_stopped.values())
    assert stances == {"braked": 8, "not shown": 5}, "as docs/assurance.md says"
    assert aave_stopped["liquidationCall"] == "not shown", "it takes somebody's bad debt"
