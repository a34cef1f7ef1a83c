"""The sandbox's world on a real node, for whoever stole something of it."""

from tests.integration.responders.conftest import braked_world, place
from tests.integration.responders.serving import run, setting

__all__ = ["braked_world", "place", "run", "setting"]
