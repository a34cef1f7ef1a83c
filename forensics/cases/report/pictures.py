"""What the report's pictures are drawn of."""

from collections.abc import Iterator, Mapping

from forensics.cases.analysis import Analysis, Moment, MomentKind
from forensics.cases.report.words import named
from runtime.pictures.fund_flow import fund_flow_svg
from runtime.pictures.losses import Part, losses_svg
from runtime.pictures.timeline import Mark, Row, timeline_svg

_BY_STEP: Mapping[str, Row] = {
    "refused": "dropped",
    "rehearsed": "dropped",
    "failed": "dropped",
    "authorised": "decided",
    "broadcast": "sent",
    "included": "braked",
    "braked": "braked",
    "released": "released",
    "reset": "released",
}
_BY_KIND: Mapping[MomentKind, Row] = {
    "preparation": "prepared",
    "attack": "theft",
    "refused": "refused",
    "alert": "alert",
    "people": "people",
    "recovery": "recovery",
}
"""Movements of funds are in the picture of those."""


def pictures(analysis: Analysis) -> dict[str, str]:
    """Return each picture as SVG, by what it shows."""
    losses = [
        Part(named(one.symbol, one.token), one.decimals, one.lost, one.remained)
        for one in analysis.losses
    ]
    return {
        "timeline": timeline_svg(_marks(analysis)),
        "losses": losses_svg(losses),
        "funds": fund_flow_svg(analysis.flow),
    }


def _marks(analysis: Analysis) -> Iterator[Mark]:
    braked = set[str]()
    for moment in analysis.moments:
        row = _BY_STEP.get(moment.step) or _BY_KIND.get(moment.kind)
        if row is None or (row == "braked" and moment.tx in braked):
            continue
        if row == "braked":
            braked.add(moment.tx)
        yield Mark(row, moment.what, _block(moment), _at(moment))


def _block(moment: Moment) -> int | None:
    """Return the block that something belongs to; what people did stands at its second."""
    return None if moment.kind in ("people", "recovery") else moment.block


def _at(moment: Moment) -> int | None:
    """Return the time of what happened on chain or among people; a step's is that of its alert,
    whose block need not be the step's."""
    return None if moment.kind in ("decision", "brake") else moment.at
