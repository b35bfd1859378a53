"""Numbers on receipts: written, read back, and slips that are noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.receipt_number import read_number, write_number

KEYS = st.integers(min_value=1, max_value=10**17)


@given(KEYS, st.booleans())
def test_what_was_written_is_read_back(key: int, apart: bool) -> None:
    assert read_number(write_number(key, apart=apart)) == (key, apart)


@given(KEYS, st.data())
def test_one_wrong_digit_is_noticed(key: int, data: st.DataObject) -> None:
    number = write_number(key)
    places = [place for place, letter in enumerate(number) if letter.isdigit()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[place]]))
    assert read_number(number[:place] + other + number[place + 1 :]) is None


@pytest.mark.parametrize("written", ["1234-4", " 1234 4 ", "12344", "1234–4"])
def test_people_write_it_as_they_like(written: str) -> None:
    assert read_number(written) == (1234, False)


def test_a_copy_kept_apart_has_a_letter() -> None:
    assert write_number(56, apart=True).startswith("G56-")
    assert read_number(write_number(56, apart=True).lower()) == (56, True)


@pytest.mark.parametrize("written", ["", "4", "uuid:1", "0-0", "-1", "1234-5", "G"])
def test_what_is_no_number_is_none(written: str) -> None:
    assert read_number(written) is None


def test_there_is_no_number_below_one() -> None:
    with pytest.raises(ValueError, match="0"):
        write_number(0)
