import time

from detectors.samples import address
from detectors.tree import active_newborns, most_repeated, shape
from schemas.chain import Call

USER, VAULT, ATTACKER, ROUTER, CHILD = (address(n) for n in range(1, 6))


def call(level: int, sender: str, to: str, kind: str = "call", selector: str = "") -> Call:
    return Call(depth=level, kind=kind, sender=sender, to=to, selector=selector)  # type: ignore[arg-type]


def test_withdrawing_again_from_the_callback_is_re_entry() -> None:
    calls = [
        call(0, USER, ATTACKER),
        call(1, ATTACKER, VAULT),
        call(2, VAULT, ATTACKER),
        call(3, ATTACKER, VAULT),
        call(4, VAULT, ATTACKER),
        call(5, ATTACKER, VAULT),
    ]
    found = {entry.contract: entry for entry in shape(calls).reentries}
    assert found[VAULT].times == 2
    assert found[VAULT].call == 5
    assert found[ATTACKER].times == 2


def test_calling_a_contract_twice_in_a_row_is_no_re_entry() -> None:
    calls = [call(0, USER, ROUTER), call(1, ROUTER, VAULT), call(1, ROUTER, VAULT)]
    assert shape(calls).reentries == []


def test_reading_a_contract_that_is_at_work_is_no_re_entry() -> None:
    calls = [
        call(0, USER, VAULT),
        call(1, VAULT, ROUTER),
        call(2, ROUTER, VAULT, kind="staticcall"),
    ]
    assert shape(calls).reentries == []


def test_a_contract_that_calls_itself_is_no_re_entry() -> None:
    calls = [call(0, USER, VAULT), call(1, VAULT, VAULT), call(2, VAULT, VAULT)]
    assert shape(calls).reentries == []


def test_a_path_ends_where_the_next_frame_is_higher_up() -> None:
    calls = [
        call(0, USER, ROUTER),
        call(1, ROUTER, VAULT),
        call(2, VAULT, CHILD),
        call(1, ROUTER, CHILD),
        call(2, CHILD, VAULT),
    ]
    assert shape(calls).reentries == []


def test_the_most_repeated_call_leaves_out_reading() -> None:
    calls = [call(0, USER, ROUTER)]
    calls += [call(1, ROUTER, VAULT, "staticcall", "0x11111111")] * 9
    calls += [call(1, ROUTER, VAULT, "call", "0x22222222")] * 4
    assert most_repeated(calls) == ((ROUTER, VAULT, "0x22222222"), 4)


def test_a_newborn_counts_once_it_acts() -> None:
    calls = [call(0, USER, ROUTER), call(1, ROUTER, CHILD, "create")]
    assert active_newborns(calls) == []
    assert active_newborns([*calls, call(2, CHILD, VAULT)]) == [CHILD]


def test_depth_counts_from_one() -> None:
    assert shape([]).depth == 0
    assert shape([call(0, USER, VAULT), call(1, VAULT, CHILD)]).depth == 2


def test_a_deep_hostile_tree_costs_no_more_than_a_flat_one() -> None:
    calls = [call(n % 1024, address(n % 7), address(n % 5)) for n in range(10_000)]
    start = time.process_time()
    shape(calls)
    assert time.process_time() - start < 0.5
