"""How brakes stand, as people elsewhere are told."""

from responders.drill import Readiness as Rehearsed
from responders.guard import GuardState, Spent
from responders.levers import within_reach
from responders.readiness import REPEAT, Noticeboard, Now, Teller
from runtime.broker import Message, Partition, read_all
from runtime.memory import MemoryBroker
from schemas import headers
from schemas.codec import decode
from schemas.errors import TransientError
from schemas.readiness import Readiness
from schemas.topics import READINESS
from tests.clock import ManualClock
from tests.unit.responders.examples import manifest
from tests.unit.responders.fakes import FakeChain

TIME = 1_800_000_000


class Scene:
    def __init__(self) -> None:
        chain = FakeChain()
        self.levers = within_reach([manifest()], chain, 1)
        (self.lever,) = self.levers.values()
        self.now = Now(block=100, time=TIME, armed=True, guard=GuardState())
        self.board = Noticeboard(self.levers, lambda: self.now)
        self.clock = ManualClock()
        self.broker = MemoryBroker()
        self.broker.create([READINESS])
        self.teller = Teller(self.board, self.broker.producer(), self.clock)

    @property
    def told(self) -> list[Readiness]:
        found: list[Readiness] = []
        read_all(
            self.broker,
            Partition(READINESS.name, 0),
            lambda message: found.append(decode(message.value or b"", Readiness)),
        )
        return found


def test_it_says_what_a_brake_does_and_who_lets_go_of_it() -> None:
    (told,) = Scene().board.told()
    (brake,) = told.brakes
    assert (brake.brake, brake.calldata, brake.rehearsed) == ("pause-pool", "0x8456cb59", None)
    assert "never this automation" in brake.release
    assert (told.block, told.armed, told.brakes_left) == (100, True, told.brakes_per_window)


def test_a_drill_and_a_heartbeat_are_told() -> None:
    scene = Scene()
    scene.board.rehearsed([Rehearsed("meadow", "pause-pool", 100, "the account lacks the role")])
    scene.board.beaten("meadow", TIME - 5, TIME + 3600)
    scene.board.beaten("meadow", None, TIME + 3600)
    (told,) = scene.board.told()
    (brake,) = told.brakes
    assert (brake.trouble, brake.rehearsed) == ("the account lacks the role", TIME)
    assert (told.heartbeat, told.authority_until) == (TIME - 5, TIME + 3600)


def test_what_was_spent_is_taken_from_the_budget() -> None:
    scene = Scene()
    spent = Spent("a" * 64, "meadow", scene.lever.target, TIME)
    scene.now = Now(block=101, time=TIME, armed=True, guard=GuardState((spent,)))
    (told,) = scene.board.told()
    assert told.brakes_left == told.brakes_per_window - 1


def test_news_is_told_at_once_and_the_same_every_so_often() -> None:
    scene = Scene()
    scene.teller.tell()
    scene.now = Now(block=101, time=TIME + 12, armed=True, guard=GuardState())
    scene.teller.tell()
    assert len(scene.told) == 1, "another block alone is no news"
    scene.now = Now(block=102, time=TIME + 24, armed=False, guard=GuardState())
    scene.teller.tell()
    assert [one.armed for one in scene.told] == [True, False]
    scene.clock.seconds += REPEAT
    scene.teller.tell()
    assert len(scene.told) == 3


def test_it_says_when_it_was_told() -> None:
    scene = Scene()
    scene.teller.tell()
    found: list[Message] = []
    read_all(scene.broker, Partition(READINESS.name, 0), found.append)
    assert headers.hops(found[0].headers) == {"published": scene.clock.now_ns()}


def test_what_could_not_be_told_is_told_the_next_time() -> None:
    scene = Scene()
    working = scene.teller._producer

    class Away:
        def send(self, *_: object, **__: object) -> None:
            raise TransientError("no broker answers")

    scene.teller._producer = Away()  # type: ignore[assignment]  # all that is called
    scene.teller.tell()
    scene.teller._producer = working
    scene.teller.tell()
    assert len(scene.told) == 1
