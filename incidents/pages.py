"""The web view: cases as JSON, read from the tables of this instance. Nothing can be changed here.

`GET /cases/` lists what is kept, newest first; `GET /cases/PROTOCOL/` gives a protocol's cases
whole, with the actions that no case is known for. An instance shows its own partitions only;
`incidents-v1` has every case. While tables are being restored the answer is 503.
"""

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import faust
import msgspec
from faust.web import Request, Response, View

from incidents.docket import Docket
from schemas.codec import decode
from schemas.incidents import Incident

Dockets = Mapping[bytes, bytes]
"""Encoded dockets by protocol."""


def listed(dockets: Dockets) -> list[dict[str, Any]]:
    """Return one line for every case, the one with the newest block first."""
    cases = sorted(_cases(dockets), key=lambda case: (-case.latest, case.id))
    return [
        {
            "id": case.id,
            "chain": case.chain,
            "protocol": case.protocol,
            "phase": case.phase,
            "severity": case.severity,
            "summary": case.summary,
            "opened": case.opened,
            "latest": case.latest,
            "alerts": len(case.sightings) + case.dropped,
            "actions": len(case.measures),
        }
        for case in cases
    ]


def shown(dockets: Dockets, protocol: str) -> dict[str, Any] | None:
    """Return everything that is kept of one protocol, None when that is nothing."""
    kept = dockets.get(protocol.encode())
    if kept is None:
        return None
    docket = decode(kept, Docket)
    return {
        "protocol": protocol,
        "cases": msgspec.to_builtins(docket.cases[::-1]),
        "waiting": msgspec.to_builtins(docket.waiting),
    }


def _cases(dockets: Dockets) -> Iterator[Incident]:
    for kept in dockets.values():
        yield from decode(kept, Docket).cases


def add(app: faust.App, dockets: Dockets, ready: Callable[[], bool]) -> None:
    """Add the pages to the app."""

    async def cases(view: View, _request: Request) -> Response:
        if not ready():
            return _restoring(view)
        return view.json({"cases": listed(dockets)})

    async def cases_of_protocol(view: View, _request: Request, protocol: str) -> Response:
        if not ready():
            return _restoring(view)
        found = shown(dockets, protocol)
        if found is None:
            reason = f"this instance keeps no case of {protocol}; see the topic incidents-v1"
            return view.json({"error": reason}, status=HTTPStatus.NOT_FOUND)
        return view.json(found)

    app.page("/cases/", name="cases")(cases)
    app.page("/cases/{protocol}/", name="cases-of-protocol")(cases_of_protocol)


def _restoring(view: View) -> Response:
    reason = "the tables are being restored; try again in a moment"
    return view.json({"error": reason}, status=HTTPStatus.SERVICE_UNAVAILABLE)
