"""From a form to a proposal or an answer, and back to what people read. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, get_args

from console.atlas import Atlas
from console.people import Person
from console.picture import Picture
from runtime import attested, calldata
from schemas.decisions import Answer, Matter, Proposal, Request, Verdict, Voice
from schemas.errors import ConfigurationError
from schemas.incidents import Acknowledgement, Incident, Signing
from schemas.readiness import PreparedBrake
from schemas.units import split_account

MATTERS: tuple[Matter, ...] = get_args(Matter)
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_LONGEST_ARGUMENTS = 2000


class Calls(NamedTuple):
    """The calls of a proposal, and the digest of the step that they are, if they are one."""

    calls: tuple[Request, ...] = ()
    staged: str | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it, when, and how long a proposal of theirs waits."""

    person: Person
    time: int
    patience: int

    @property
    def voice(self) -> Voice:
        """As it stands in a record, not signed yet."""
        return Voice(person=self.person.name, account=self.person.account, time=self.time)


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement that its author has not confirmed."""

    statement: Proposal | Answer | Acknowledgement
    case: Incident | None
    answers: Proposal | None = None

    @property
    def subject(self) -> Proposal | None:
        """The proposal that it is, or answers; None for an acknowledgement."""
        return self.statement if isinstance(self.statement, Proposal) else self.answers


@dataclass(frozen=True, slots=True)
class Readable:
    """A call as people check it."""

    to: str
    name: str
    """What the target is called, '' where nobody says."""
    words: str
    """Decoded from the bytes; '' where they cannot be read in full."""
    calldata: str


def proposal(
    case: Incident, matter: str, words: str, calls: tuple[Request, ...], staged: str | None,
    author: Author,
) -> Proposal:  # fmt: skip
    """Return a proposal about a case. Raises `ConfigurationError` for one that asks for nothing."""
    found = next((one for one in MATTERS if one == matter), None)
    if found is None:
        raise ConfigurationError("choose what to propose")
    if found in ("brake", "release") and not calls:
        raise ConfigurationError("a proposal to brake or to release names the calls to make")
    made = Proposal(
        id="0" * 64,
        chain=case.chain,
        protocol=case.protocol,
        incident=case.id,
        matter=found,
        words=words,
        expires=author.time + author.patience,
        by=author.voice,
        calls=calls if found in ("brake", "release") else (),
        staged=staged if found == "release" else None,
    )
    return attested.named(made)


def answer(asked: Proposal, verdict: str, words: str, voice: Voice) -> Answer:
    """Return an answer. Raises `ConfigurationError` for a verdict that there is not."""
    found = next((one for one in VERDICTS if one == verdict), None)
    if found is None:
        raise ConfigurationError("approve or veto")
    made = Answer(
        id="0" * 64,
        chain=asked.chain,
        protocol=asked.protocol,
        incident=asked.incident,
        proposal=asked.id,
        verdict=found,
        words=words,
        by=voice,
    )
    return attested.named(made)


def acknowledgement(case: Incident, words: str, voice: Voice) -> Acknowledgement:
    """Return somebody's word that they have a case in hand, as grave as it is now."""
    made = Acknowledgement(
        id="0" * 64,
        chain=case.chain,
        protocol=case.protocol,
        incident=case.id,
        by=voice.person,
        severity=case.severity,
        words=words,
        said=voice,
    )
    return attested.named(made)


def brakes_of(case: Incident, picture: Picture, atlas: Atlas) -> list[PreparedBrake]:
    """Return the brakes that people may be asked to pull: of those that the topic names, the ones
    that the manifest has under that name, at that target."""
    readiness = picture.readiness.get(case.protocol)
    return [
        one
        for one in (() if readiness is None else readiness.brakes)
        if one.calldata != "0x" and one.target == atlas.brake(case.chain, case.protocol, one.brake)
    ]


def staged_of(case: Incident, picture: Picture) -> Signing | None:
    """Return the step that `firebreak recover` put before the signers, None when there is none."""
    recovery = picture.recoveries.get(case.id)
    checklist = recovery.checklist if recovery else None
    return checklist.staged if checklist else None


def calls(case: Incident, fields: Mapping[str, str], picture: Picture, atlas: Atlas) -> Calls:
    """Return the calls that a form asks for.

    Raises `ConfigurationError` for what is not there any more, or is no call.
    """
    match fields.get("matter"):
        case "brake":
            return Calls((_brake(fields.get("brake", ""), case, picture, atlas),))
        case "release" if fields.get("source") == "staged":
            staged = staged_of(case, picture)
            if staged is None or staged.digest != fields.get("digest"):
                raise ConfigurationError("what was staged has changed: look at it again")
            return Calls(staged.calls, staged.digest)
        case "release":
            return Calls((_written(fields, case, atlas),))
        case _:
            return Calls()


def _brake(name: str, case: Incident, picture: Picture, atlas: Atlas) -> Request:
    brake = next((one for one in brakes_of(case, picture, atlas) if one.brake == name), None)
    if brake is None:
        raise ConfigurationError("choose which brake people should pull")
    to = split_account(brake.target)[1]
    return Request(to=to, function=atlas.function(brake.calldata), calldata=brake.calldata)


def _written(fields: Mapping[str, str], case: Incident, atlas: Atlas) -> Request:
    to = fields.get("to", "").lower()
    if to not in dict(atlas.addresses(case.protocol)):
        raise ConfigurationError("choose a contract of the manifest to call")
    function = fields.get("function", "").replace(" ", "")
    given = fields.get("arguments", "")[:_LONGEST_ARGUMENTS].splitlines()
    arguments = [line.strip() for line in given if line.strip()]
    kinds = calldata.types_of(function)
    if len(kinds) != len(arguments):
        raise ConfigurationError(f"{function} takes {len(kinds)} arguments, one on each line")
    values = [_argument(kind, one) for kind, one in zip(kinds, arguments, strict=True)]
    return Request(to=to, function=function, calldata=calldata.written(function, values))


def _argument(kind: str, text: str) -> object:
    if kind.endswith("]"):
        inside = text.strip("[] ")
        element = kind[: kind.rindex("[")]
        return [_argument(element, part.strip()) for part in inside.split(",") if part.strip()]
    return {"true": True, "false": False}.get(text) if kind == "bool" else text


def read(requests: Iterable[Request], atlas: Atlas, chain: str) -> list[Readable]:
    """Return calls as people check them."""
    return [
        Readable(one.to, atlas.contract(chain, one.to), atlas.call(one.function, one.calldata),
                 one.calldata)
        for one in requests
    ]  # fmt: skip
