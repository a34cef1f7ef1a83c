"""What `firebreak vet` holds at most: prints the peak of its resident memory, in bytes.

Run in a process of its own: everything that the service imports, the largest batch that its loop
takes of the largest contracts that Ethereum allows, alerts until no more are kept.
"""

import random
import resource
import sys

import cli.vet  # noqa: F401 - what the service loads
import runtime.kafka  # noqa: F401 - likewise
from detectors.publisher import Publisher
from detectors.vet_service import VetTask
from detectors.vetting import ALERTS_KEPT, Vetting
from runtime.broker import Message
from runtime.clock import SystemClock
from runtime.intake import Intake
from runtime.memory import MemoryBroker
from runtime.metrics import Metrics
from schemas.codec import encode
from schemas.topics import ALERTS, DEAD_LETTERS, DEPLOYMENTS
from tests.unit.detectors.test_vetting import CHAIN, NAMES_POOL, code_of, deployment

BATCH, CODE, CREATION = 500, 24_576, 49_152


def messages(batch: int, chance: random.Random) -> list[Message]:
    """A batch of the largest contracts, no two alike, that judgement finds something in."""
    found = []
    start = code_of("SpotAttack", NAMES_POOL)
    for number in range(batch * BATCH, (batch + 1) * BATCH):
        rest = chance.randbytes(CODE - len(start) // 2 + 1).hex()
        made = deployment(
            (start + rest)[: 2 + 2 * CODE],
            creation="0x" + chance.randbytes(CREATION).hex(),
            address=f"0x{number:040x}",
        )
        found.append(Message(DEPLOYMENTS.name, 0, number, CHAIN.encode(), encode(made), ()))
    return found


def peak(batches: int) -> int:
    """Return the most that was resident, in bytes."""
    broker, metrics = MemoryBroker(), Metrics()
    broker.create([ALERTS, DEAD_LETTERS, DEPLOYMENTS])
    producer = broker.producer()
    task = VetTask(
        Intake(producer, metrics, "vet"),
        Publisher(producer, SystemClock(), metrics, signer=None),
        Vetting("vet", {}, metrics),
        metrics,
    )
    chance = random.Random(5)
    for number in range(batches):
        task.process(messages(number, chance))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    batches = int(sys.argv[1]) if len(sys.argv) > 1 else ALERTS_KEPT // BATCH + 1
    sys.stdout.write(f"{peak(batches)}\n")
