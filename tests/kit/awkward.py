"""Values that tables must carry whole, whatever file they are in: one list for all formats."""

from datetime import date

TEXTS = {
    "a code with a nought before it": "06979",
    "a code longer than a number holds": "00012345678901234567890",
    "what looks like a date": "1-2",
    "what looks like a number with an e": "12E5",
    "a formula": '=HYPERLINK("http://example.test","x")',
    "a formula with a plus": "+84912345678",
    "a formula with a minus": "-2+3",
    "a formula with an at": "@SUM(1)",
    "a formula of a sum": "=1+1",
    "a formula that is a number below nought": "-5",
    "a formula that is a name": "@x",
    "a formula behind blanks": "  =1+1",
    "a formula behind a tab": "\t=1+1",
    "a link": "https://example.test/a?b=1&c=2",
    "Vietnamese": "Thôn Ngàn Chi, xã Vô Ngại – hộ nghèo & cận nghèo",
    "Vietnamese in parts": "Tho\u0302n Nga\u0300n Chi",
    "several lines": "dòng một\ndòng hai",
    "a tab between": "cột một\tcột hai",
    "the word for nothing": "NULL",
    "quotes, commas, semicolons": 'a "b", c; d',
    "right to left": "שלום עולם مرحبا",
    "marks that turn text around": "\u202eabc\u202c \u2066x\u2069",
    "a picture of a nought": "\u2400 \ufffd",
    "emoji": "👩🏽‍🌾 lúa 🌾",
    "marks of XML": "<b>&amp;</b> ]]>",
    "marks of a rich text": "<r><t>x</t></r>",
    "an escape of a workbook": "_x0041_",
    "a control": "a\x01b",
    "a very long text": "Đường vào thôn 🌾 " * 4000,
    "blanks around": "  x  ",
}
"""By what is odd about each."""
HALVED = {"half of a pair": ("a\ud83db", "a?b")}
"""What no file in UTF-8 holds, and what becomes of it."""
LARGE = (2**53 + 1, 2**63 - 1, -(2**63), 2**70)
"""Whole numbers that a double does not hold."""
FORMULAS = tuple(name for name in TEXTS if name.startswith("a formula"))
NUMBERS: tuple[int | float, ...] = (0, -5, 123456789, 0.1, -2.5)
DAYS = (date(2019, 6, 30), date(2026, 2, 28), date(1900, 3, 1))
EARLY = date(1899, 12, 31)
"""A day from before calendars of spreadsheets begin."""
