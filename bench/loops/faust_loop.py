"""A Faust agent, as its documentation shows one."""

import os
import sys
import tempfile

import faust

from bench.loops.scoring import Meter, Scoring, job


def main() -> None:
    """Run a worker until all is scored."""
    asked = job()
    scoring, meter = Scoring(asked.kind), Meter(asked.count)
    app = faust.App(
        asked.group("faust"),
        broker=f"kafka://{asked.bootstrap}",
        store="memory://",
        web_enabled=False,
        datadir=tempfile.mkdtemp(),
        topic_disable_leader=True,
        producer_linger=0,
    )
    source = app.topic(asked.topic, value_serializer="raw", key_serializer="raw")
    output = app.topic(asked.output("faust"), value_serializer="raw", key_serializer="raw")

    @app.agent(source)
    async def score(records: faust.StreamT[bytes]) -> None:
        async for value in records:
            meter.begin()
            alert = scoring.take(value)
            if alert is not None:
                await output.send(value=alert)
            meter.left -= 1
            if meter.left == 0:
                await app.producer.flush()
                meter.tell()
                os._exit(0)  # a worker takes seconds to stop, which is not what is measured

    sys.argv = ["faust", "worker", "--loglevel", "error"]
    faust.Worker(app, loglevel="error", quiet=True).execute_from_commandline()


if __name__ == "__main__":
    main()
