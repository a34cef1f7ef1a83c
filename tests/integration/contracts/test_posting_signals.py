"""Our signals on the real registry of a node: posted once, in a budget, and dry unless armed."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from eth_account import Account

from cli.signals import _posting
from neighbours.posting import Poster
from runtime.budget import DAY, Budget
from runtime.evm import Endpoints
from runtime.metrics import Metrics
from runtime.sending import Sender
from runtime.service import Service
from runtime.settings import Settings
from sandbox.node import LocalNode
from schemas.errors import ConfigurationError
from tests.integration.contracts.signalling import Signalling
from tests.waiting import until

pytestmark = pytest.mark.node

CAP = 100 * 10**9


class Clock:
    """Stands at a time."""

    def __init__(self, now: int) -> None:
        self.now = now

    def now_ns(self) -> int:
        return self.now * 10**9

    def monotonic(self) -> float:
        return float(self.now)


class Place:
    """A registry, and what posts to it."""

    def __init__(self, node: LocalNode, folder: Path) -> None:
        self.folder = folder
        self.village = Signalling(node)
        self.payer = self.village.funded("a payer")
        self.nodes = Endpoints([str(node.ipc)])
        self.clock, self.metrics = Clock(self.village.chain.timestamp()), Metrics()

    def poster(self, *, armed: bool = True, most: int = 24) -> Poster:
        sender = Sender(self.nodes, self.payer.signer, CAP)
        registry = self.village.registry.address
        budget = Budget(self.folder / "payer.postings", most)
        return Poster(registry, sender, self.clock, self.metrics, budget, armed=armed)

    def turn(self, poster: Poster, times: int = 1) -> None:
        for _ in range(times):
            poster.turn()
            self.village.chain.mine()
            poster.turn()

    def count(self, outcome: str) -> float:
        return float(self.metrics.carried.labels("chain", outcome)._value.get())


@pytest.fixture
def place(node: LocalNode, tmp_path: Path) -> Iterator[Place]:
    made = Place(node, tmp_path)
    yield made
    made.nodes.close()


def test_what_everybody_may_read_is_posted_once(place: Place) -> None:
    told = place.village.signal(seq=5, tlp="clear")
    poster = place.poster()
    poster.offer(told)
    poster.offer(place.village.signal(seq=6, id="ef" * 32, tlp="green"))
    place.turn(poster, 2)
    assert place.village.seq() == 5
    assert (place.count("delivered"), place.count("withheld")) == (1, 1)
    again = place.poster()  # after a restart everything that holds is offered again
    again.offer(told)
    nonce = place.village.chain.nonce(place.payer)
    place.turn(again)
    assert place.village.chain.nonce(place.payer) == nonce, "it is seen to be there, for nothing"
    assert place.count("refused") == 1


def test_of_one_matter_the_newest_is_posted(place: Place) -> None:
    poster = place.poster()
    for seq in (1, 2, 3):
        poster.offer(place.village.signal(seq=seq, tlp="clear"))
    place.turn(poster, 3)
    assert (place.village.seq(), place.count("delivered")) == (3, 1)


def test_unless_it_is_armed_calls_are_tried_out_and_none_is_sent(place: Place) -> None:
    poster = place.poster(armed=False)
    poster.offer(place.village.signal(tlp="clear"))
    place.turn(poster, 2)
    assert place.count("dry") == 1
    assert place.village.seq() == place.village.chain.nonce(place.payer) == 0


def test_no_more_than_its_budget_is_posted_in_a_day(place: Place) -> None:
    poster = place.poster(most=2)
    late = place.clock.now + 2 * DAY
    for seq in range(1, 5):
        poster.offer(place.village.signal(seq=seq, id=f"{seq:064x}", tlp="clear", expiry=late))
    place.turn(poster, 6)
    assert (place.count("delivered"), place.village.seq()) == (2, 2)
    again = place.poster(most=2)  # after a restart
    again.offer(place.village.signal(seq=3, id=f"{3:064x}", tlp="clear", expiry=late))
    place.turn(again)
    assert place.village.seq() == 2, "the day's budget is spent all the same"
    place.clock.now += DAY
    place.turn(poster, 6)
    assert (place.count("delivered"), place.village.seq()) == (4, 4)


def test_what_expired_while_it_waited_is_given_up(place: Place) -> None:
    poster = place.poster()
    poster.offer(place.village.signal(tlp="clear"))
    place.clock.now += 3600
    place.turn(poster)
    assert (place.count("given_up"), place.village.seq()) == (1, 0)


def settings(place: Place, node: LocalNode, **changes: object) -> Settings:
    keystore, password = place.folder / "payer.json", place.folder / "password"
    for path, text in (
        (keystore, orjson.dumps(Account.encrypt(place.payer.signer.key, "secret", iterations=2))),
        (password, b"secret\n"),
    ):
        path.touch(mode=0o600)
        path.write_bytes(text)
    (place.folder / "protocols").mkdir(exist_ok=True)
    own: dict[str, object] = {
        "publish": True,
        "registry": place.village.registry.address,
        "registry_armed": True,
        "registry_endpoints": [str(node.ipc)],
        "registry_keystore": keystore,
        "registry_password_file": password,
        "registry_posts_per_day": 1,
    }
    given = {"home": place.folder, "protocols": place.folder / "protocols"}
    return Settings.model_validate(given | {"signals": own | changes})


def test_the_service_posts_as_its_settings_say_and_remembers_it(
    place: Place, node: LocalNode
) -> None:
    told = place.village.signal(seq=5, tlp="clear")
    service = Service("signals")
    with _posting(settings(place, node), service) as offer:
        offer(told)

        def posted() -> bool:
            place.village.chain.mine()
            return place.village.seq() == 5

        until(posted)
    (kept,) = (place.folder / "signals").glob("*.postings")
    assert kept.stem == place.payer.signer.address.lower()
    assert len(kept.read_text().split()) == 1


@pytest.mark.parametrize(
    "lacking", ["registry_keystore", "registry_endpoints", "registry_password_file"]
)
def test_without_nodes_or_an_account_of_its_own_it_does_not_start(
    place: Place, node: LocalNode, lacking: str
) -> None:
    given = settings(place, node, **{lacking: () if lacking.endswith("points") else None})
    with (
        pytest.raises(ConfigurationError, match=r"registry|password"),
        _posting(given, Service("signals")),
    ):
        pass


def test_an_account_that_also_issues_is_refused(place: Place, node: LocalNode) -> None:
    given = settings(place, node, keystore=place.folder / "payer.json")
    with (
        pytest.raises(ConfigurationError, match="an account of its own"),
        _posting(given, Service("signals")),
    ):
        pass
