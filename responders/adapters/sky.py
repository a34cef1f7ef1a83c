"""Sky's brakes: an emergency spell that the voters lifted, and Protego, which drops plans.

`spell` calls `schedule()`, which for an emergency spell acts at once, without the delay that
changes wait for; `done()` says whether its work is done, by whomever. It works only while the
voters have lifted the spell, and then for anyone. The `schedule()` of an ordinary spell plans a
change of the protocol: a spell that expires, as those do and emergency spells never, is not called.

`drop` drops one plan from the queue, as anyone may while Protego is lifted.
"""

from typing import Annotated, Literal

from eth_abi.abi import encode
from pydantic import Field

from responders.adapters.base import AlsoStops, Condition
from responders.adapters.calls import called, word
from responders.adapters.family import Deed, Family, told
from responders.adapters.flags import Flagged
from responders.chain import Chain
from responders.reverts import selector
from schemas.activities import EVERYTHING, Activity
from schemas.manifest import Brake, Parameters
from schemas.strict import HEX, LowerAddress

_NEVER = 2**256 - 1
_NOT_LIFTED = "the voters have not lifted it"
_PLAN = "(address,bytes32,bytes,uint256)"


class Casting(Parameters):
    """What only those who know the spell can say."""

    does: Literal["spell"]
    also_stops: frozenset[Activity] = EVERYTHING


class Plan(Parameters):
    """A plan in the queue, by what it was planned with."""

    does: Literal["drop"]
    usr: LowerAddress
    tag: Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{64}$")]
    fax: Annotated[str, Field(pattern=HEX, max_length=2048)]
    eta: Annotated[int, Field(ge=0, lt=2**256)]


class Spell(Flagged):
    """Casts one emergency spell."""

    def objection(self, block: int) -> str:
        """Refuse a spell that expires: it is an ordinary one."""
        expires = word(self.chain, self.deed.target, called("expiration()"), block)
        if expires == _NEVER:
            return ""
        return "the spell expires, so it is no emergency spell: it would plan a change"


class Protego(Family):
    """Drops one plan."""

    def __init__(self, chain: Chain, deed: Deed, question: str) -> None:
        super().__init__(chain, deed)
        self._question = question

    def probe(self, block: int) -> Condition:
        """Ask whether it is planned; braked when it is not, or no more."""
        planned = word(self.chain, self.deed.target, self._question, block)
        return Condition.of(None if planned is None else 1 - planned)


def build(brake: Brake, chain: Chain) -> Family:
    """Make the family's brake that a manifest asks for."""
    models: tuple[type[Casting | Plan], ...] = (Casting, Plan)
    parameters = told(brake, *models)
    if isinstance(parameters, Plan):
        return _drop(brake, chain, parameters)
    deed = Deed(
        target=brake.target,
        calldata=called("schedule()"),
        also_stops=AlsoStops("what the spell stops, for every user", parameters.also_stops),
        release="the voters, by a change that waits for its delay",
        errors={
            f"{mom}/not-authorized": _NOT_LIFTED
            for mom in ("LineMom", "OsmMom", "ClipperMom", "SplitterMom", "LitePsmMom", "DDMMom")
        },
    )
    return Spell(chain, deed, called("done()"))


def _drop(brake: Brake, chain: Chain, plan: Plan) -> Protego:
    arguments = encode(
        _PLAN[1:-1].split(","),
        [plan.usr, bytes.fromhex(plan.tag[2:]), bytes.fromhex(plan.fax[2:]), plan.eta],
    ).hex()
    deed = Deed(
        target=brake.target,
        calldata=selector("drop" + _PLAN) + arguments,
        also_stops=AlsoStops("this one change", frozenset({Activity.GOVERNANCE})),
        release="the voters, who can plan it again",
        errors={"ds-auth-unauthorized": _NOT_LIFTED},
    )
    return Protego(chain, deed, selector("planned" + _PLAN) + arguments)
