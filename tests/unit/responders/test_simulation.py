from typing import Any, cast

import pytest

from responders.chain import NodeChain
from responders.simulation import Replay, replay, request
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import TransientError
from schemas.units import NATIVE

POOL, DAI, THIEF = "0x" + "a1" * 20, "0x" + "d1" * 20, "0x" + "e1" * 20
PLACES = [(POOL, DAI), (POOL, NATIVE)]
MESSAGE = {"from": THIEF, "to": POOL, "data": "0x", "value": "0x0", "gas": "0x5208"}


def call(number: int, status: str = "0x1") -> dict[str, str]:
    return {"status": status, "returnData": f"0x{number:064x}"}


def test_balances_stand_around_the_message_in_one_block() -> None:
    (block,) = request(MESSAGE, PLACES)["blockStateCalls"]
    assert len(block["calls"]) == 5
    assert block["calls"][2] == MESSAGE
    assert block["calls"][:2] == block["calls"][3:]
    assert THIEF not in block["stateOverrides"]
    (block,) = request(MESSAGE | {"value": "0x1"}, PLACES)["blockStateCalls"]
    assert int(block["stateOverrides"][THIEF]["balance"], 16) >= 2**96


def test_what_a_token_does_not_say_is_not_known() -> None:
    calls = [call(9), call(7, "0x0"), call(0), call(4), {"status": "0x1", "returnData": "0x"}]
    assert replay([{"calls": calls}], 2) == Replay(ok=True, before=(9, None), after=(4, None))


@pytest.mark.parametrize(
    "answer",
    [[], [{"calls": [call(1)]}], [{"calls": [call(1), call(2), {"status": "0x1"}]}], [{}], None],
)
def test_no_other_answer_is_read(answer: Any) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        replay(answer, 1)


class Refusing:
    """A node that knows a transaction, and refuses to simulate it."""

    def __init__(self, code: int) -> None:
        self.code = code

    def ask(self, method: str, *_: Any, **__: Any) -> Any:
        if method == "eth_getTransactionByHash":
            return MESSAGE
        raise NodeRefusalError(method, self.code, "no")


def test_a_node_that_cannot_simulate_is_no_node_that_may_later() -> None:
    def asked(code: int) -> Replay | None:
        chain = NodeChain(cast("Endpoints", Refusing(code)))
        return chain.replay("0x" + "07" * 32, 100, PLACES)

    assert asked(-32601) is None
    assert asked(-38015) is None
    with pytest.raises(TransientError):
        asked(-32000)
