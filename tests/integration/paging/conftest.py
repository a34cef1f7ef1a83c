"""The world that responders defend, for the whole chain of services."""

from tests.integration.responders.conftest import braked_world, place

__all__ = ["braked_world", "place"]
