"""A market of perpetual futures, and hands to work it with."""

from pathlib import Path
from typing import Any

from sandbox.evm import Account, Call
from sandbox.node import LocalNode, RpcError
from tests.contract.stage import Stage
from tests.integration.guarded.perpetuals import Perpetuals


class Floor:
    """A market where Ada and Ben trade and Cid liquidates."""

    def __init__(self, node: LocalNode, cache: Path) -> None:
        self.stage = Stage(node, cache)
        self.ada, self.ben, self.cid = (Account.named(name) for name in ("ada", "ben", "cid"))
        for one in (self.ada, self.ben, self.cid):
            self.stage.fund(one)
        self.perpetuals = Perpetuals(self.stage, (self.ada, self.ben, self.cid))
        self.market = self.perpetuals.listed["clover"].market

    def does(self, account: Account, name: str, *arguments: Any, after: int = 12) -> str:
        """Do something; return '' if it worked, else the name of the error."""
        call = self.market.call(name, *arguments)
        refusal = self.refusal(account, call)
        sent = self.stage.hands.send(account, call)
        self.stage.hands.mine(after)
        receipt = self.stage.hands.receipt(sent)
        return "" if receipt["status"] == "0x1" else refusal or "late"

    def refusal(self, account: Account, call: Call) -> str:
        question = {"from": account.address, "to": call.to, "data": "0x" + call.data.hex()}
        try:
            self.stage.node.rpc("eth_call", question, "latest")
        except RpcError as error:
            return self.market.interface.error(bytes.fromhex(error.data[2:]))
        return ""

    def prices(self, price: int, *, pool: bool = True, seconds: int = 12) -> None:
        """Let the feed say so, and the pool and its average follow."""
        calls = [self.perpetuals.told("clover", price)]
        if pool:
            me = self.stage.people.address
            calls.append(self.perpetuals.swapped("clover", price, me))
        self.stage.do(self.stage.people, *calls)
        self.stage.hands.mine(seconds)

    def cap(self, cap: int) -> None:
        self.stage.do(self.stage.people, self.perpetuals.capped(self.market, cap))

    def get(self, name: str, *arguments: Any) -> Any:
        return self.stage.hands.read(self.market, name, *arguments)[0]

    def position(self, account: Account) -> tuple[int, int, int, int]:
        """Return size, margin, cost and the funding that it counts."""
        found = self.stage.hands.read(self.market, "positions", account.address)
        return found[0], found[1], found[2], found[3]

    def holds(self, address: str) -> int:
        found = self.stage.hands.read(self.perpetuals.quote, "balanceOf", address)[0]
        return int(found)

    def traders(self) -> tuple[Account, ...]:
        return self.ada, self.ben, self.cid

    def require_solvent(self) -> None:
        """Margins and fund together are all that the market holds."""
        margins = sum(self.position(one)[1] for one in self.traders())
        assert margins + self.get("fund") == self.holds(self.market.address)
