"""Signals from a chain, and onto one: the event of `contracts/src/ISecuritySignal.sol`, as ingest
decoded it, and the call that logs it.

Any contract can log such an event, so nothing of it is believed but the signature within. That is
also why a reorg takes nothing back: what was signed stays signed.
"""

from eth_abi.abi import encode
from eth_hash.auto import keccak

from neighbours.marking import ON_CHAIN
from schemas.alerts import SEVERITIES
from schemas.chain import Event
from schemas.errors import PoisonRecordError
from schemas.signals import WHOLE, Signal, require_form
from schemas.units import SAFE_INTEGER, uint

EVENT = "SecuritySignal"

_SIGNAL = "(bytes32,address,uint64,uint64,string,string,uint8,uint16,bytes32)"


def signal_of(event: Event) -> Signal | None:
    """Return the signal that an event tells of, None for another event. Nothing is believed yet.

    Raises `PoisonRecordError` for one that holds what no signal may.
    """
    if event.name != EVENT:
        return None
    try:
        told = {name: str(value) for name, value in event.arguments.items()}
        severity, confidence = uint(told["severity"]), uint(told["confidence"])
        if not 1 <= severity <= len(SEVERITIES) or confidence > WHOLE:
            raise PoisonRecordError(f"severity {severity}, confidence {confidence}")
        signal = Signal(
            id=told["signalId"].removeprefix("0x"),
            issuer=told["issuer"],
            seq=_number(told["seq"]),
            expiry=_number(told["expiry"]),
            target=told["target"],
            technique=told["technique"],
            severity=SEVERITIES[severity - 1],
            confidence=confidence,
            evidence_root=told["evidenceRoot"],
            signature=told["signature"],
            tlp="clear",  # everyone can read it there
        )
    except KeyError as error:
        raise PoisonRecordError(f"the event has no {error}") from error
    if len(signal.signature) != len("0x") + 2 * 65:
        raise PoisonRecordError("the signature is not 65 bytes")
    require_form(signal)
    return signal


def publishing(signal: Signal) -> str:
    """Return the calldata with which anyone publishes a signal in a registry, in hexadecimal.

    Raises `PoisonRecordError` for one that not everybody may read.
    """
    if signal.tlp != ON_CHAIN:
        raise PoisonRecordError(f"TLP:{signal.tlp.upper()}: on a chain everyone can read it")
    told = (
        bytes.fromhex(signal.id),
        signal.issuer,
        signal.seq,
        signal.expiry,
        signal.target,
        signal.technique,
        SEVERITIES.index(signal.severity) + 1,
        signal.confidence,
        bytes.fromhex(signal.evidence_root[2:]),
    )
    signature = bytes.fromhex(signal.signature[2:])
    selector = keccak(f"publish({_SIGNAL},bytes)".encode())[:4]
    return "0x" + (selector + encode([_SIGNAL, "bytes"], [told, signature])).hex()


def _number(text: str) -> int:
    number = uint(text)
    if number > SAFE_INTEGER:
        raise PoisonRecordError(f"{text} is beyond what JSON keeps exactly")
    return number
