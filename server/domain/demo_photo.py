"""A picture for invented sheets: a road between hills, drawn in squares, plainly no photograph.

Baseline JPEG (ITU-T T.81) in which every 8 by 8 block is one colour, so that a few Huffman codes are enough.
"""

import struct
from collections.abc import Iterator

COLUMNS, ROWS = 40, 30
_STEP = 8
# T.81 table K.3: how many DC codes have 1, 2, … 16 bits; the values are the categories 0 to 11 in order
_DC_LENGTHS = bytes((0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0))
_DC_CODES = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110", "11111110", "111111110")
# one AC code, "0": the rest of the block is nought
_AC_LENGTHS = bytes((1, *(0,) * 15))


def draw_photo(seed: int) -> bytes:
    """A JPEG of 320 by 240 points; another `seed`, another road and other hills."""
    bits = "".join(_coded(list(_picture(seed))))
    bits += "1" * (-len(bits) % 8)
    content = int(bits, 2).to_bytes(len(bits) // 8)
    return _head() + content.replace(b"\xff", b"\xff\x00") + b"\xff\xd9"


def _head() -> bytes:
    parts = [b"\xff\xd8"]
    parts.append(_segment(0xE0, b"JFIF\0" + struct.pack(">HBHHBB", 0x0101, 0, 1, 1, 0, 0)))
    parts.append(_segment(0xDB, b"\0" + bytes((_STEP,)) * 64))
    frame = struct.pack(">BHHB", 8, ROWS * 8, COLUMNS * 8, 3)
    parts.append(_segment(0xC0, frame + b"".join(bytes((component, 0x11, 0)) for component in (1, 2, 3))))
    parts.append(_segment(0xC4, b"\x00" + _DC_LENGTHS + bytes(range(12))))
    parts.append(_segment(0xC4, b"\x10" + _AC_LENGTHS + b"\0"))
    parts.append(_segment(0xDA, b"\x03\x01\0\x02\0\x03\0\x00\x3f\x00"))
    return b"".join(parts)


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _picture(seed: int) -> Iterator[tuple[int, int, int]]:
    """Y, Cb, Cr of every square, row by row, each from -128 to 127."""
    hills = [9 + (seed * 7 + column * (3 + seed % 4)) % 23 % 5 for column in range(COLUMNS)]
    bend = seed % 13 - 6
    for row in range(ROWS):
        for column in range(COLUMNS):
            middle = COLUMNS // 2 + bend * (ROWS - row) // ROWS
            if row < hills[column]:
                yield 60 - row * 2, 25, -15
            elif abs(column - middle) < (row - 10) // 3 + 1:
                yield 10 + (row + column) % 2 * 6, 0, 2
            else:
                yield -40 + (seed + row * 5 + column * 3) % 12, -18, -20


def _coded(colours: list[tuple[int, int, int]]) -> Iterator[str]:
    before = (0, 0, 0)
    for colour in colours:
        for now, then in zip(colour, before, strict=True):
            # a block of one colour v has the coefficient 8·v, which divided by the step of 8 is v
            yield _code(now - then) + "0"
        before = colour


def _code(difference: int) -> str:
    size = abs(difference).bit_length()
    if size == 0:
        return _DC_CODES[0]
    value = difference if difference > 0 else difference + (1 << size) - 1
    return _DC_CODES[size] + format(value, f"0{size}b")
