"""What a signer process signs, whoever asks: an allow-list and caps. Pure, save for reading it.

It is the signer's own: a policy process that was taken over can ask for nothing else. The gate's
allow-list on chain bounds what such a call can do; this bounds what is called, how often, and what
it costs.
"""

import re
import tomllib
from collections import deque
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    ValidationError,
)

from responders.adapters.generic import RELEASES
from responders.chain import Call
from responders.fees import Fee
from responders.questions import LONGEST, Question
from responders.reverts import selector
from runtime.safe_transactions import SafeTransaction
from schemas.errors import ConfigurationError
from schemas.signals import MAX_LIFETIME, Signal

MAX_POLICY_BYTES = 256 * 1024
_GWEI = 10**9
_HOUR = 3600.0
ACCOUNT = r"^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}:0x[0-9a-f]{40}$"
_SIGNATURE = re.compile(r"[A-Za-z_$][\w$]*\([\w\[\],()]*\)")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _narrowing(call: str) -> str:
    if not _SIGNATURE.fullmatch(call):
        raise ValueError("write it as in pause() or brake(bytes32,uint64,address,bytes)")
    if selector(call) in RELEASES:
        raise ValueError("releases, it does not brake")
    return call


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Allowed(_Strict):
    """One function of one contract."""

    to: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x[0-9a-f]{40}$")]
    call: Annotated[str, Field(max_length=256), AfterValidator(_narrowing)]


class Agreed(_Strict):
    """One brake that the key may say yes to, among the operators of a quorum."""

    quorum: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x[0-9a-f]{40}$")]
    target: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x[0-9a-f]{40}$")]
    data: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x([0-9a-f]{2}){4,4096}$")]
    """The whole calldata: the arguments tell a brake from a release."""


class SignerPolicy(_Strict):
    """What may be signed; everything else is refused."""

    chain: Annotated[str, Field(pattern=r"^eip155:[1-9][0-9]{0,17}$")]
    fee_cap_gwei: Annotated[StrictInt, Field(gt=0)]
    """The most per gas that a transaction may offer."""
    gas_cap: Annotated[StrictInt, Field(gt=0)]
    signatures_per_hour: Annotated[StrictInt, Field(gt=0, le=100_000)]
    allow: Annotated[tuple[Allowed, ...], Field(min_length=1)]
    agree: Annotated[tuple[Agreed, ...], Field(max_length=256)] = ()

    @property
    def chain_id(self) -> int:
        """The chain's number."""
        return int(self.chain.rpartition(":")[2])

    @property
    def fee_cap(self) -> int:
        """The most per gas, in wei."""
        return self.fee_cap_gwei * _GWEI

    def objection(self, call: Call, fee: Fee) -> str:
        """Say why this is not signed, '' if it may be."""
        asked = (call.to.lower(), call.data[:10].lower())
        if asked not in {(one.to, selector(one.call)) for one in self.allow}:
            return f"{asked[1]} on {asked[0]} is not on the signer's allow-list"
        if call.gas > self.gas_cap:
            return f"{call.gas} gas is above the signer's gas_cap of {self.gas_cap}"
        if max(fee.ceiling, fee.tip) > self.fee_cap:
            return f"{fee.ceiling} wei per gas is above the signer's fee_cap_gwei"
        return ""

    def objection_to_word(self, question: Question, expires: int, now: float) -> str:
        """Return why the key does not say yes to this at `now`, in seconds since 1970; '' when it
        does. Words are not stocked up: one that is valid later than an hour from now is refused."""
        asked = Agreed.model_construct(
            quorum=question.quorum.lower(),
            target=question.target.lower(),
            data=question.calldata.lower(),
        )
        if asked not in self.agree:
            return f"a yes to {asked.data[:10]} on {asked.target} is not on the signer's list"
        if expires > now + LONGEST:
            return f"a yes until {expires} lies more than an hour ahead"
        return ""


class StatementPolicy(_Strict):
    """Which warnings to neighbours may be signed; everything else is refused, and so is every
    transaction: a key that warns never brakes."""

    targets: Annotated[frozenset[Annotated[str, Field(pattern=ACCOUNT)]], Field(min_length=1)]
    """The contracts that it may warn of, as CAIP-10: one's own."""
    lifetime_seconds: Annotated[StrictInt, Field(gt=0, le=MAX_LIFETIME)]
    """How long a warning may count."""
    signatures_per_hour: Annotated[StrictInt, Field(gt=0, le=100_000)]

    def objection(self, signal: Signal, issuer: str, now: float) -> str:
        """Say why this is not signed at `now`, in seconds since 1970; '' if it may be."""
        if signal.issuer != issuer:
            return f"{signal.issuer} is not the account that signs here"
        if signal.target not in self.targets:
            return f"a warning of {signal.target} is not on the signer's list"
        if signal.expiry > now + self.lifetime_seconds:
            return f"a warning until {signal.expiry} lies beyond the signer's lifetime_seconds"
        return ""


class Proposable(_Strict):
    """One call that a Safe may be asked to make."""

    safe: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x[0-9a-f]{40}$")]
    to: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x[0-9a-f]{40}$")]
    data: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^0x([0-9a-f]{2}){4,4096}$")]
    """The whole calldata: the arguments tell a brake from a release."""


class ProposalPolicy(_Strict):
    """What may be put before a Safe's owners; everything else is refused, and so is every
    transaction: a key that proposes never brakes."""

    chain: Annotated[str, Field(pattern=r"^eip155:[1-9][0-9]{0,17}$")]
    allow: Annotated[tuple[Proposable, ...], Field(min_length=1, max_length=256)]
    signatures_per_hour: Annotated[StrictInt, Field(gt=0, le=100_000)]

    @property
    def chain_id(self) -> int:
        """The chain's number."""
        return int(self.chain.rpartition(":")[2])

    def objection(self, asked: SafeTransaction) -> str:
        """Say why this is not signed, '' if it may be."""
        if asked.chain_id != self.chain_id:
            return f"eip155:{asked.chain_id} is not the signer's chain"
        call = asked.safe.lower(), asked.to.lower(), asked.data.lower()
        if call not in {(one.safe, one.to, one.data) for one in self.allow}:
            return f"{call[2][:10]} on {call[1]} by {call[0]} is not on the signer's list"
        return ""


class Rate:
    """How many signatures an hour still has room for; a sliding window on a monotonic clock."""

    def __init__(self, per_hour: int) -> None:
        self._times: deque[float] = deque(maxlen=per_hour)

    def take(self, now: float) -> bool:
        """Count one at `now`, in seconds; say whether there was room for it."""
        full = len(self._times) == self._times.maxlen
        if full and now - self._times[0] < _HOUR:
            return False
        self._times.append(now)
        return True


def load(path: Path) -> SignerPolicy | StatementPolicy | ProposalPolicy:
    """Read a policy from a TOML file that only its owner may change: of a key that warns, where it
    has a table `[signals]` and nothing else, of one that proposes, where that is `[proposals]`,
    otherwise of one that brakes.

    Raises `ConfigurationError` naming file and field.
    """
    try:
        if path.stat().st_mode & 0o022:
            raise ConfigurationError(f"{path} can be changed by others: chmod go-w {path}")
        with path.open("rb") as file:
            data = file.read(MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_POLICY_BYTES:
        raise ConfigurationError(f"{path}: larger than {MAX_POLICY_BYTES:,} bytes")
    try:
        document = tomllib.loads(data.decode())
        if document.keys() == {"signals"}:
            return StatementPolicy.model_validate(document["signals"])
        if document.keys() == {"proposals"}:
            return ProposalPolicy.model_validate(document["proposals"])
        return SignerPolicy.model_validate(document)
    except (UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"{path}: {'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_url=False)
            )
        ) from error
