"""Which of several responders of a chain acts."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from schemas.topics import ACTIONS

if TYPE_CHECKING:
    from responders.chain import Chain
    from runtime.broker import Broker
    from runtime.leadership import Leadership
    from runtime.service import Service
    from schemas.manifest import Manifest

_TURN_SECONDS = 0.02

_SETTLED_SECONDS = 10.0
"""After so long a replica without the lead stands by: a dead leader's session has ended before."""


@contextmanager
def leading(
    broker: "Broker", service: "Service", chain: "Chain", manifests: "Iterable[Manifest]"
) -> "Iterator[Leadership | None]":
    """Stand by until this replica is the one that acts, in a term above any that a gate has seen;
    give None if the service is told to stop before.

    Raises `TransientError` when neither coordinator nor node answers.
    """
    from responders.adapters.gate import latest_epoch
    from runtime.leadership import Leadership

    group = f"firebreak-respond-lead-{chain.name.replace(':', '-')}"
    lead = Leadership(broker, group, ACTIONS.name, service.clock)
    shown = service.metrics.responder_leads.labels(chain.name)
    shown.set(0)
    lead.join()
    try:
        if not _stood_by(lead, service):
            yield None
            return
        lead.raise_to(latest_epoch(chain, manifests) + 1)
        shown.set(1)
        yield lead
    finally:
        shown.set(0)
        lead.leave()


def _stood_by(lead: "Leadership", service: "Service") -> bool:
    """Wait for the lead, ready once it is clear that another has it; say whether it came."""
    since = service.clock.monotonic()
    while not lead.here():
        if service.stop.wait(_TURN_SECONDS):
            return False
        settled = service.clock.monotonic() - since > _SETTLED_SECONDS
        service.health.beat("" if settled else "word of which replica leads")
    return True
