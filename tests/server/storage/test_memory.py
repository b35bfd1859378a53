"""What is kept in memory is bounded, and what was asked for last stays longest."""

from server.storage.memory import Memory


def test_the_one_that_was_not_asked_for_the_longest_goes_first() -> None:
    memory: Memory[str, int] = Memory(2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.find("a") == 1
    memory.put("c", 3)
    assert (memory.find("a"), memory.find("b"), memory.find("c")) == (1, None, 3)
    memory.put("a", 4)
    assert memory.find("a") == 4
