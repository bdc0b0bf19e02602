"""The signs of currencies beside a sum."""

import sys
import unicodedata

from budgets.statements.moneysigns import _MONEY_SIGN


def test_every_currency_sign_of_unicode_and_no_other_character_is_one() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1)]
    signs = [each for each in characters if unicodedata.category(each) == "Sc"]

    found = [each for each in characters if _MONEY_SIGN.fullmatch(each)]

    later = [each for each in found if unicodedata.category(each) == "Cn"]  # not assigned yet
    words = [each for each in found if each.isalpha()]
    assert [each for each in found if each not in {*later, *words}] == signs
    assert all("\u20a0" <= each <= "\u20cf" for each in later)
