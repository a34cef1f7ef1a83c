"""Publishing what somebody said. No key is here to sign it with: a wallet did, or nobody."""

import asyncio

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from console.desk import Desk
from console.picture import Picture
from runtime.attested import Statement, voice_of
from runtime.logs import logger
from schemas.codec import UnencodableRecordError, encode
from schemas.decisions import Answer, Proposal
from schemas.errors import PipelineError
from schemas.incidents import Acknowledgement
from schemas.topics import ACKNOWLEDGEMENTS, DECISIONS

_log = logger(__name__)

_LOOKS, _LOOK_SECONDS = 60, 0.05


async def publish(desk: Desk, statement: Statement) -> None:
    """Return once the broker has a statement, and this console has read it back, if that is soon.

    Raises `HTTPException` for one that does not fit into a record, or that nobody confirmed.
    """
    try:
        value = encode(statement)
        await run_in_threadpool(_send, desk, statement, value)
    except UnencodableRecordError as error:
        raise HTTPException(400, f"This does not fit into a record: {error}") from error
    except PipelineError as error:
        _log.error("not_published", error=str(error))
        raise HTTPException(503, f"Nothing is certain: Kafka did not confirm. {error}") from error
    kind = type(statement).__name__.lower()
    desk.metrics.statements.labels(kind).inc()
    _log.info("said", kind=kind, record=statement.id, person=voice_of(statement).person)
    for _ in range(_LOOKS):
        if _is_read(desk.picture, statement):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _send(desk: Desk, statement: Statement, value: bytes) -> None:
    topic = ACKNOWLEDGEMENTS if isinstance(statement, Acknowledgement) else DECISIONS
    desk.producer.send(topic.name, value, key=statement.protocol.encode())
    desk.producer.flush()


def _is_read(picture: Picture, statement: Statement) -> bool:
    match statement:
        case Proposal():
            return statement.id in picture.asked
        case Answer():
            asked = picture.asked.get(statement.proposal)
            return asked is not None and any(one.id == statement.id for one in asked.answers)
        case _:
            known = picture.acknowledged.get(statement.incident, ())
            return any(one.id == statement.id for one in known)
