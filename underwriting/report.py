"""A record as the report that `RiskFeed` takes (contracts/src), and its EIP-712 signature. Pure."""

from typing import NamedTuple

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from schemas.errors import PoisonRecordError
from schemas.risk import Risk

DECIMALS = 10**8
STANDINGS = ("calm", "alerted", "braked", "recovering")

_LARGEST = {"uint32": 2**32 - 1, "uint64": 2**64 - 1, "uint128": 2**128 - 1}

_FIELDS = (
    ("protocol", "bytes32"),
    ("round", "uint80"),
    ("observedAt", "uint64"),
    ("horizon", "uint32"),
    ("probability", "uint32"),
    ("probabilityHigh", "uint32"),
    ("exposure", "uint128"),
    ("expectedLoss", "uint128"),
    ("tailLoss", "uint128"),
    ("coverRate", "uint64"),
    ("malConsumed", "uint64"),
    ("standing", "uint8"),
    ("record", "bytes32"),
)


class Report(NamedTuple):
    """What the contract takes, in its order and units."""

    round: int
    observed_at: int
    horizon: int
    probability: int
    probability_high: int
    exposure: int
    expected_loss: int
    tail_loss: int
    cover_rate: int
    mal_consumed: int
    standing: int
    record: bytes


def protocol_of(name: str) -> bytes:
    """Return the 32 bytes by which a feed knows its protocol."""
    return keccak(text=name)


def report_of(risk: Risk) -> Report:
    """Return the report of a record: shares to 8 decimals, money to whole dollars, both rounded up,
    so that the chain is never told less than the record says."""
    likely, rate = risk.figure("probability"), risk.figure("cover_rate")
    return Report(
        round=risk.at,
        observed_at=risk.at,
        horizon=risk.inputs.horizon,
        probability=_share(likely.value),
        probability_high=_share(likely.high),
        exposure=_up(risk.figure("exposure").value, "uint128"),
        expected_loss=_up(risk.figure("expected_loss").value, "uint128"),
        tail_loss=_up(risk.figure("tail_loss").value, "uint128"),
        cover_rate=_share(rate.value),
        mal_consumed=_up(risk.figure("mal_consumed").value * DECIMALS, "uint64"),
        standing=STANDINGS.index(risk.inputs.standing),
        record=bytes.fromhex(risk.id),
    )


def typed(report: Report, protocol: str, chain_id: int, feed: str) -> dict[str, object]:
    """Return what is signed, as EIP-712 data that a wallet shows."""
    values = (protocol_of(protocol), *report)
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Report": [{"name": name, "type": kind} for name, kind in _FIELDS],
        },
        "primaryType": "Report",
        "domain": {
            "name": "Firebreak risk",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": feed,
        },
        "message": {name: value for (name, _), value in zip(_FIELDS, values, strict=True)},
    }


def signed(report: Report, protocol: str, chain_id: int, feed: str, by: LocalAccount) -> bytes:
    """Return the 65 bytes of the signature."""
    message = encode_typed_data(full_message=typed(report, protocol, chain_id, feed))
    return bytes(by.sign_message(message).signature)


def signer_of(report: Report, protocol: str, chain_id: int, feed: str, signature: bytes) -> str:
    """Return who signed, in lower-case hexadecimal. Raises `PoisonRecordError` for no signature."""
    message = encode_typed_data(full_message=typed(report, protocol, chain_id, feed))
    try:
        return str(Account.recover_message(message, signature=signature)).lower()
    except Exception as error:
        raise PoisonRecordError(f"no signature of a report: {error}") from error


def _share(value: float) -> int:
    return min(DECIMALS, _up(value * DECIMALS, "uint32"))


def _up(value: float, kind: str) -> int:
    whole = int(value)
    return min(_LARGEST[kind], whole + (value > whole))
