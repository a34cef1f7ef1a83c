"""Which alerts belong to one incident. One rule, for whoever groups them."""

CASE_WINDOW = 3600
"""Seconds of event time between an alert and the newest block of a case it still joins."""


def joins(case_latest: int, alert_timestamp: int) -> bool:
    """Say whether an alert of the same protocol belongs to a case whose newest block is that old.

    Both are times of blocks, in seconds. Alerts of several detector sets arrive out of order, so
    an older alert joins as well as a newer one.
    """
    return abs(alert_timestamp - case_latest) <= CASE_WINDOW
