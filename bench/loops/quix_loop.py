"""A Quix Streams application, as its documentation shows one; runs in an environment of its own."""

import logging

from quixstreams import Application  # type: ignore[import-not-found]  # in its own environment

from bench.loops.scoring import Meter, Scoring, job


def main() -> None:
    """Run until all is scored."""
    asked = job()
    scoring, meter = Scoring(asked.kind), Meter(asked.count)
    app = Application(
        broker_address=asked.bootstrap,
        consumer_group=asked.group("quix"),
        auto_offset_reset="earliest",
        auto_create_topics=False,
        loglevel=logging.ERROR,
        producer_extra_config={"linger.ms": 0},
    )
    source = app.topic(asked.topic, value_deserializer="bytes", key_deserializer="bytes")
    output = app.topic(asked.output("quix"), value_serializer="bytes", key_serializer="bytes")

    def score(value: bytes) -> bytes | None:
        meter.begin()
        alert = scoring.take(value)
        meter.left -= 1
        if meter.left == 0:
            app.stop()
        return alert

    frame = app.dataframe(source)
    frame.apply(score).filter(lambda alert: alert is not None).to_topic(output)
    app.run()
    meter.tell()


if __name__ == "__main__":
    main()
