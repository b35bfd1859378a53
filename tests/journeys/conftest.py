"""The world, for journeys through the whole of it."""

from tests.kit.world import world_fixture

__all__ = ["world_fixture"]
