"""A cover contract on a node (`ParametricCover`; contracts/src), as it stands after one block."""

from typing import Any, NamedTuple

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from runtime.calldata import called
from runtime.evm import Endpoints, NodeRefusalError
from schemas.errors import ConfigurationError
from schemas.units import Seconds
from underwriting.assertion import Assertion

FATES = ("none", "open", "disputed", "true", "false", "released")
"""How an assertion stands, in the contract's order."""

_TERMS = ("uint128", *("uint64",) * 8)
_ASSERTION = ("uint8", "address", "address", *("uint64",) * 4, "uint16", "bytes32", "bytes32")


class Asserted(NamedTuple):
    """An assertion, and what it takes to judge and to dispute it."""

    fate: str
    """One of `FATES`; `none` where there is no such assertion."""
    said: Assertion
    protocol: bytes
    """Of which the contract sells cover, as its feed names it."""
    dispute_until: Seconds
    rule_until: Seconds
    bond: int
    """What a dispute puts up, in the coin's smallest unit."""
    now: Seconds
    """Time of the block after which all of this holds."""


def asserted(nodes: Endpoints, contract: str, name: str) -> Asserted:
    """Return an assertion by its name, 32 bytes in hexadecimal.

    Raises `ConfigurationError` for a contract that does not answer as a ParametricCover does, and
    `TransientError` when no node answers.
    """
    head: dict[str, str] = nodes.ask("eth_getBlockByNumber", "latest", False, read=_head)  # noqa: FBT003 - the interface's: headers only
    place = {"blockHash": head["hash"]}

    def ask(function: str, types: tuple[str, ...], *arguments: Any) -> tuple[Any, ...]:
        call = {"to": contract, "data": called(function, *arguments)}
        try:
            answer: object = nodes.ask("eth_call", call, place)
            return _decoded(types, answer)
        except (NodeRefusalError, DecodingError, ValueError) as error:
            raise ConfigurationError(
                f"{contract} on {nodes.chain} does not answer {function} as a ParametricCover does"
            ) from error

    (protocol,) = ask("protocol()", ("bytes32",))
    bond, *_ = ask("terms()", _TERMS)
    fate, _, _, at, dispute_until, rule_until, _, share, case, root = ask(
        "assertionOf(bytes32)", _ASSERTION, bytes.fromhex(name.removeprefix("0x"))
    )
    if fate >= len(FATES):
        raise ConfigurationError(f"{contract} on {nodes.chain} is no ParametricCover: fate {fate}")
    return Asserted(
        fate=FATES[fate],
        said=Assertion(case.hex(), "0x" + root.hex(), at, share),
        protocol=protocol,
        dispute_until=dispute_until,
        rule_until=rule_until,
        bond=bond,
        now=int(head["timestamp"], 16),
    )


def _head(answer: Any) -> dict[str, str]:
    int(answer["timestamp"], 16)
    return {"hash": str(answer["hash"]), "timestamp": str(answer["timestamp"])}


def _decoded(types: tuple[str, ...], answer: object) -> tuple[Any, ...]:
    """Return the words of an answer, which has exactly these."""
    if not isinstance(answer, str) or len(answer) != 2 + 64 * len(types):
        raise ValueError("another number of words")
    return decode(types, bytes.fromhex(answer[2:]))
