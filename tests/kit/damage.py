"""Submissions damaged on purpose: what a bug, a bad transfer or a hand in the file may do to one."""

import random
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

STRANGE = (
    *("", " ", "abc", "0", "-1", "1", "007", "1.5", "3.0", "-0.0", "1e3", "99999999999", "2147483648", "-2147483648"),
    *("NaN", "Infinity", "12,5", "+5", ".5", "5.", "1 000", "0x10", "1.0E7", "ă", "\U0001f4f7", "true", "false"),
    *("2020-02-30", "2024-02-29", "1969-12-31", "2026-11-24", "2026-11-24T23:30:00.000+07:00"),
    *("2026-11-24T18:00:00.000Z", "2026-11-24T00:30:00.000+09:00"),
    *("23:59:59.999+07:00", "00:00:00.000Z", "07:30", "25:00:00.000+07:00", "24:00"),
    *("10.5 106.5", "10.5 106.5 0 0", "91 181 0 0", "10.5, 106.5", "10.5 106.5 0 0; 11 107 0 0; 12 106 0 0"),
    *("yes", "no", "a b", "b  a", "khong_co", "Nguyễn Văn An", "thôn Đồng Tâm", "  hai  từ ", "x & y < z"),
)


def damage(xml: str, seed: int) -> str:
    """The submission with one to four things wrong, the same for the same seed."""
    root = ET.fromstring(xml)
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        chance.choices(*zip(*WAYS, strict=True))[0](root, chance)
    return ET.tostring(root, encoding="unicode")


def _leaves(root: ET.Element) -> list[ET.Element]:
    return [each for each in root.iter() if not len(each) and each is not root and "instanceID" not in each.tag]


def _pairs(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    """Parents and children, but for what tells when and as what it was sent."""
    for parent in root.iter():
        for child in parent:
            if not child.tag.endswith(("meta", "instanceID")):
                yield parent, child


def _change(root: ET.Element, chance: random.Random) -> None:
    if leaves := _leaves(root):
        chance.choice(leaves).text = chance.choice(STRANGE)


def _borrow(root: ET.Element, chance: random.Random) -> None:
    """A value from elsewhere: often of the right type, and wrong."""
    if leaves := _leaves(root):
        chance.choice(leaves).text = chance.choice(leaves).text


def _neighbour(root: ET.Element, chance: random.Random) -> None:
    """A number a little off."""
    numbers = [each for each in _leaves(root) if (each.text or "").lstrip("-").isdecimal()]
    if numbers:
        each = chance.choice(numbers)
        each.text = str(int(each.text or "0") + chance.choice((-100, -1, 1, 2, 100)))


def _empty(root: ET.Element, chance: random.Random) -> None:
    if leaves := [each for each in _leaves(root) if each.text]:
        chance.choice(leaves).text = None


def _remove(root: ET.Element, chance: random.Random) -> None:
    if pairs := list(_pairs(root)):
        parent, child = chance.choice(pairs)
        parent.remove(child)


def _repeat(root: ET.Element, chance: random.Random) -> None:
    if pairs := list(_pairs(root)):
        parent, child = chance.choice(pairs)
        parent.insert(list(parent).index(child) + chance.randint(0, 1), ET.fromstring(ET.tostring(child)))


def _shuffle(root: ET.Element, chance: random.Random) -> None:
    groups = [each for each in root.iter() if len(each) > 1]
    if groups:
        group = chance.choice(groups)
        group[:] = chance.sample(list(group), len(group))


def _strange(root: ET.Element, chance: random.Random) -> None:
    groups = [each for each in root.iter() if len(each)]
    ET.SubElement(chance.choice(groups), "khong_ai_hoi").text = chance.choice(STRANGE)


Way = Callable[[ET.Element, random.Random], None]
WAYS: tuple[tuple[Way, int], ...] = (
    (_change, 30),
    (_borrow, 15),
    (_neighbour, 20),
    (_empty, 10),
    (_remove, 15),
    (_repeat, 5),
    (_shuffle, 3),
    (_strange, 2),
)
