"""What goes into one message."""

from paging.batches import MOST_APART, Parcel, next_batch
from paging.words import Line, Step


def parcels(many: int, step: Step = "trigger") -> list[Parcel]:
    return [Parcel(n, Line(f"{step} {n}", "failure", (f"{n}",), step)) for n in range(many)]


def test_a_chat_is_told_of_all_at_once() -> None:
    waiting = parcels(3) + parcels(2, "resolve")
    assert next_batch(waiting, apart=False) == (waiting, [])


def test_where_each_has_an_incident_it_is_one_at_a_time_in_their_order() -> None:
    waiting = parcels(MOST_APART) + parcels(30, "resolve")
    for parcel in list(waiting):
        taken, waiting = next_batch(waiting, apart=True)
        assert taken == [parcel]
    assert waiting == []


def test_of_a_flood_the_alarms_go_together_and_no_end_is_lost_in_it() -> None:
    ends = parcels(2, "resolve")
    taken, left = next_batch([*ends, *parcels(MOST_APART + 1)], apart=True)
    assert taken == parcels(MOST_APART + 1)
    assert left == ends
