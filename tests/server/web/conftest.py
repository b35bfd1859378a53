"""The world, for tests of what is said over HTTP."""

from tests.kit.world import world_fixture

__all__ = ["world_fixture"]
