"""One example of every kind of record on every topic, `TOPIC/KIND.json`.

Together they tell one story: a protocol called meadow lends against the spot price of a thin pair,
a flash swap bends that price, and the pool is paused after the first drain.
"""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def example(topic: str, kind: str) -> Any:
    """Return the example of one kind of record on one topic, as JSON gives it."""
    return json.loads((FOLDER / topic / f"{kind}.json").read_text())
