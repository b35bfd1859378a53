"""The field, for tests of what people do."""

from tests.kit.field import field_fixture

__all__ = ["field_fixture"]
