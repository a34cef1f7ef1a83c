"""An aiokafka consumer loop."""

import asyncio

from aiokafka import (  # type: ignore[import-untyped]  # it ships no types
    AIOKafkaConsumer,
    AIOKafkaProducer,
)

from bench.loops.scoring import Meter, Scoring, job


async def run() -> None:
    """Read in batches, as fast as it goes."""
    asked = job()
    scoring, meter = Scoring(asked.kind), Meter(asked.count)
    consumer = AIOKafkaConsumer(
        asked.topic,
        bootstrap_servers=asked.bootstrap,
        group_id=asked.group("aiokafka"),
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(bootstrap_servers=asked.bootstrap, linger_ms=0)
    await consumer.start()
    await producer.start()
    output = asked.output("aiokafka")
    while meter.left > 0:
        batches = await consumer.getmany(timeout_ms=100, max_records=500)
        for messages in batches.values():
            meter.begin()
            for message in messages:
                alert = scoring.take(message.value)
                if alert is not None:
                    await producer.send(output, alert, key=message.key)
            meter.left -= len(messages)
    await producer.flush()
    await consumer.commit()
    await consumer.stop()  # as ours and Quix Streams do before they tell
    await producer.stop()
    meter.tell()


if __name__ == "__main__":
    asyncio.run(run())
