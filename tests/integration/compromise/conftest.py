"""The sandbox's world on a real node, for whoever stole something of it."""

from tests.integration.responders.conftest import braked_world, place
from tests.integration.responders.serving import run, setting
from tests.integration.underwriting.conftest import chain_node, shared_node

__all__ = ["braked_world", "chain_node", "place", "run", "setting", "shared_node"]
