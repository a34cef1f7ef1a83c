"""A day's postings, counted before they are made and across restarts."""

from pathlib import Path

import pytest

from neighbours.posting import Poster
from runtime.budget import DAY, Budget
from runtime.metrics import Metrics
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from tests.clock import ManualClock
from tests.unit.neighbours.examples import NOW, signal

REGISTRY = "0x" + "d" * 40


class Dropped:
    """A node that is gone whenever something is to be sent to it."""

    busy = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self.counted: list[int] = []

    def try_out(self, _to: str, _data: str, _gas: int) -> None:
        pass

    def send(self, _to: str, _data: str, _gas: int) -> None:
        self.counted.append(len(self.path.read_text().split()))
        raise TransientError("nobody answers")


def test_a_restart_gives_nothing_back(tmp_path: Path) -> None:
    path = tmp_path / "postings"
    budget = Budget(path, 2)
    for now in (NOW, NOW + 1):
        assert budget.left(now)
        budget.spend(now)
    for known in (budget, Budget(path, 2)):
        assert not known.left(NOW + 2)
        assert not known.left(NOW + DAY - 1)
        assert known.left(NOW + DAY)


def test_it_is_on_disk_before_anything_is_sent_and_once_for_every_try(tmp_path: Path) -> None:
    node = Dropped(tmp_path / "postings")
    budget = Budget(node.path, 5)
    poster = Poster(REGISTRY, node, ManualClock(NOW), Metrics(), budget, armed=True)  # type: ignore[arg-type]  # all that is used of it
    poster.offer(signal(tlp="clear"))
    for _ in range(3):
        with pytest.raises(TransientError):
            poster.turn()
    assert node.counted == [1, 1, 1]


@pytest.mark.parametrize("content", [b"tomorrow\n", b"\xff\xfe", b"9" * 40])
def test_a_file_of_something_else_is_not_taken_for_a_fresh_budget(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "postings"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="postings"):
        Budget(path, 1)


def test_without_a_disk_nothing_is_posted(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "postings", 1)
    (tmp_path / "postings").mkdir()  # nothing can be put in its place
    with pytest.raises(UnsafeToContinueError, match="postings"):
        budget.spend(NOW)
    assert budget.left(NOW)
