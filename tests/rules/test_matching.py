"""A transfer finds its payment by its memo or goes to a person; it never finds a wrong one."""

import random
from collections import Counter
from collections.abc import Collection
from time import perf_counter

from app.core.codes import missing_character, new_code
from app.payments import matching
from app.payments.matching import Match, Why
from tests import memos

ORDERS = 25


def among(codes: Collection[str]) -> matching.Known:
    return lambda wanted: set(codes) & set(wanted)


def market(seed: int = 23) -> tuple[list[str], random.Random]:
    """Give the codes of two thousand open payments; the first few are looked for."""
    rng = random.Random(seed)
    codes = sorted({new_code("CS", 8, rng=rng) for _ in range(2000)})  # a set has no order of its own
    rng.shuffle(codes)
    return codes, rng


def find(text: str, codes: Collection[str], open_now: Collection[str] | None = None) -> Match:
    return matching.find(text, known=among(codes), open_now=among(codes if open_now is None else open_now))


def score(read, codes: list[str], rng: random.Random, damages: dict[str, memos.Damage]) -> Counter[str]:
    figures: Counter[str] = Counter()
    for name, damage in damages.items():
        for code in codes[:ORDERS]:
            found = read(damage(code, rng))
            figures["right" if found == code else "desk" if found is None else "wrong"] += 1
            if found != code:
                figures[f"missed: {name}"] += 1
    return figures


def test_twenty_damages_of_a_memo_find_the_right_payment_and_never_a_wrong_one() -> None:
    codes, rng = market()
    assert len(memos.DAMAGES) == 20
    figures = score(lambda text: find(text, codes).code, codes, rng, memos.DAMAGES)
    print(f"\n20 damages x {ORDERS} orders: {dict(figures)}")
    assert figures["right"] >= 0.95 * 20 * ORDERS
    assert figures["wrong"] == 0


def test_control_a_matcher_by_amount_pays_wrong_orders() -> None:
    codes, rng = market()
    amounts = {code: rng.choice((45_000, 90_000, 200_000, 250_000)) for code in codes[:ORDERS]}

    def by_amount(text: str, amount: int) -> str:
        return next(code for code, due in amounts.items() if due == amount)

    wrong = sum(
        by_amount(damage(c, rng), amounts[c]) != c for damage in memos.DAMAGES.values() for c in amounts
    )
    print(f"\nby amount: {wrong} of {20 * ORDERS} wrong")
    assert wrong > 100


def test_two_wrong_letters_go_to_the_desk() -> None:
    codes, rng = market()
    damages = {f"two wrong, {n}": memos.two_wrong_letters for n in range(20)}
    figures = score(lambda text: find(text, codes).code, codes, rng, damages)
    assert figures["desk"] == 20 * ORDERS


def test_thousands_of_memos_without_a_code_of_ours_find_nothing() -> None:
    codes, rng = market()
    letters = "ACSCSCS 0123456789OIL"
    for _ in range(3000):
        text = "".join(rng.choice(letters) for _ in range(40))
        assert find(text, codes).code is None, text


def test_a_repair_counts_only_among_open_payments() -> None:
    codes, rng = market()
    code = codes[0]
    damaged = memos.at(code, 4, next(c for c in "0123" if c != code[4]))
    assert find(damaged, codes) == Match(Why.REPAIRED, code, (code,))
    assert find(damaged, codes, open_now=()).code is None
    # The whole code names its payment even when that is long paid: the money came twice.
    assert find(code, codes, open_now=()) == Match(Why.EXACT, code, (code,))


def test_two_payments_that_fit_one_slip_go_to_the_desk() -> None:
    one = new_code("CS", 8, rng=random.Random(1))
    typed = memos.at(one, 3, "7" if one[3] != "7" else "8")
    other = typed[:9] + missing_character(typed[:9], "")
    assert other != one
    assert find(typed, {one, other}) == Match(Why.SEVERAL_FIT, None, tuple(sorted((one, other))))
    assert find(typed, {one}).code == one


def test_two_codes_of_payments_go_to_the_desk() -> None:
    codes, _ = market()
    found = find(f"{codes[0]} {codes[1]}", codes)
    assert (found.why, found.code) == (Why.TWO_CODES, None)
    assert set(found.fits) == {codes[0], codes[1]}


def test_words_that_are_no_code_are_called_so() -> None:
    assert find("tien an trua", ["CS"]).why is Why.NO_CODE
    assert find("", []).why is Why.NO_CODE
    assert find("CSKH xin chao", []).why is Why.UNKNOWN_CODE
    assert find(new_code("CS", 8), []).why is Why.UNKNOWN_CODE


def test_an_endless_memo_is_read_in_no_time() -> None:
    begun = perf_counter()
    for text in ("CS" * 500_000, "C" * 1000, "S" * 1000, "CS1234567" * 100, "ﷺ" * 1000, "\x00\ud800"):
        assert find(text, []).code is None
    assert perf_counter() - begun < 2


def test_the_missing_character_is_the_one_that_was_taken_out() -> None:
    rng = random.Random(5)
    for _ in range(200):
        code = new_code("CS", 8, rng=rng)
        for place in range(2, 10):
            assert missing_character(code[:place], code[place + 1 :]) == code[place]
