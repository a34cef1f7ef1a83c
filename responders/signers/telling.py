"""With what signers began, told by who asks them: they hold keys and do not reach Kafka."""

import threading
from collections.abc import Iterable
from pathlib import Path

from responders.signers.client import begun
from runtime.announcement import publish, recorded
from runtime.broker import Broker
from runtime.clock import Clock
from runtime.logs import logger, redacted
from schemas.changes import Configuration
from schemas.codec import UnencodableRecordError
from schemas.errors import ConfigurationError, TransientError, UnsafeToContinueError
from schemas.ids import content_id
from schemas.topics import CHANGES

_log = logger(__name__)


def tell_aside(broker: Broker, sockets: Iterable[Path | None], clock: Clock) -> None:
    """Do as `tell` does in a thread of its own: whoever is about to brake waits for no signer, and
    a topic that does not take it is logged."""

    def told() -> None:
        try:
            tell(broker, sockets, clock)
        except UnsafeToContinueError as error:
            _log.error("signer_not_told", error=str(error))

    threading.Thread(target=told, name="signers", daemon=True).start()


def tell(broker: Broker, sockets: Iterable[Path | None], clock: Clock) -> None:
    """Publish with what the signer at each of these sockets says that it began, and return once the
    topic has it.

    One that does not say, or says it wrongly, is logged and passed over. Raises as
    `Producer.flush` does.
    """
    found = [path for path in sockets if path is not None]
    if not found or not recorded(broker, CHANGES):
        return
    producer = broker.producer()
    for path in found:
        try:
            publish(producer, CHANGES, _configuration(path, clock.now_ns() // 1000))
        except (ConfigurationError, TransientError, UnencodableRecordError) as error:
            _log.warning("signer_not_told", socket=str(path), error=str(error))
    producer.flush()
    producer.close()


def _configuration(path: Path, time: int) -> Configuration:
    said = begun(path)
    return Configuration(
        id=content_id("configuration", "signer", str(path), time),
        service="signer",
        time=time,
        version=said.version,
        settings={name: redacted(value)[:4096] for name, value in said.settings.items()},
        manifests={"signer.policy": said.policy},
    )
