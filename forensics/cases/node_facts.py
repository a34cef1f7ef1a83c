"""What the analysis asks of a chain beside its transactions: balances, code, tokens' names."""

from functools import lru_cache

from forensics.cases.asking import Evidence, NotGivenError
from forensics.cases.transactions import quantity
from schemas.units import NATIVE

_BALANCE_OF = "0x70a08231"
_SYMBOL = "0x95d89b41"
_DECIMALS = "0x313ce567"
_DELEGATED = "0xef0100"
"""What the code of an account begins with that lets a contract act for it (EIP-7702)."""

_WORD = 66


class NodeFacts:
    """Facts about accounts and tokens of one chain; None or '' where there is no answer."""

    def __init__(self, evidence: Evidence, block: int) -> None:
        """Facts that do not change are asked at `block`, the last one of the analysis."""
        self._evidence = evidence
        self._block = block
        self.has_code = lru_cache(maxsize=None)(self._has_code)
        self.token = lru_cache(maxsize=None)(self._token)

    def balance(self, account: str, token: str, block: int) -> int | None:
        """Return what an account has of a token after a block."""
        try:
            if token == NATIVE:
                return quantity(self._evidence.ask("eth_getBalance", account, hex(block)))
            data = _BALANCE_OF + account.removeprefix("0x").rjust(64, "0")
            return self._word(token, data, block)
        except NotGivenError:
            return None

    def _has_code(self, account: str) -> bool:
        """Say whether a contract is there. Where nobody tells, none is assumed: the trail rather
        goes on too far than ends too soon."""
        try:
            code = self._evidence.ask("eth_getCode", account, hex(self._block))
        except NotGivenError:
            return False
        return isinstance(code, str) and len(code) > 2 and not code.startswith(_DELEGATED)

    def _token(self, token: str) -> tuple[str, int | None]:
        """Return a token's symbol and decimals as its contract says them."""
        if token == NATIVE:
            return "", 18
        try:
            decimals = self._word(token, _DECIMALS, self._block)
        except NotGivenError:
            decimals = None
        return self._symbol(token), decimals if decimals is not None and decimals <= 77 else None

    def _word(self, contract: str, data: str, block: int) -> int | None:
        answer = self._evidence.ask("eth_call", {"to": contract, "data": data}, hex(block))
        if not isinstance(answer, str) or len(answer) != _WORD:
            return None
        return quantity(answer)

    def _symbol(self, token: str) -> str:
        """Read `symbol()`: a string, or the 32 bytes that early tokens return."""
        try:
            answer = self._evidence.ask(
                "eth_call", {"to": token, "data": _SYMBOL}, hex(self._block)
            )
            data = bytes.fromhex(str(answer)[2:])
        except (NotGivenError, ValueError):
            return ""
        text = (
            data.rstrip(b"\0") if len(data) == 32 else data[64 : 64 + int.from_bytes(data[32:64])]
        )
        plain = text[:32].decode("utf-8", "replace")
        return "".join(character for character in plain if character.isprintable())
