"""The world, for tests of what is said over HTTP."""

from tests.kit.world import shared_world_fixture, world_fixture

__all__ = ["shared_world_fixture", "world_fixture"]
