"""What banks and people do to the memo of a transfer: named damages, the same on every run."""

import random
from collections.abc import Callable

from app.core.codes import ALPHABET

Damage = Callable[[str, random.Random], str]


def at(code: str, place: int, new: str) -> str:
    return code[:place] + new + code[place + 1 :]


def wrong_letter(code: str, rng: random.Random, first: int = 0) -> str:
    place = rng.randrange(first, len(code))
    return at(code, place, rng.choice([c for c in ALPHABET if c != code[place]]))


def two_wrong_letters(code: str, rng: random.Random) -> str:
    """Two in different places: side by side they could be one swap, which is one slip."""
    first = rng.randrange(2, len(code) - 2)
    for place in (first, rng.randrange(first + 2, len(code))):
        code = at(code, place, rng.choice([c for c in ALPHABET if c != code[place]]))
    return code


def swapped(code: str, rng: random.Random) -> str:
    place = rng.choice([i for i in range(len(code) - 1) if code[i] != code[i + 1]])
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def dropped(code: str, rng: random.Random) -> str:
    place = rng.randrange(len(code))
    return code[:place] + code[place + 1 :]


def doubled(code: str, rng: random.Random) -> str:
    place = rng.randrange(len(code))
    return code[:place] + code[place] + code[place:]


def figures(rng: random.Random, length: int = 10) -> str:
    return "".join(rng.choice("0123456789") for _ in range(length))


DAMAGES: dict[str, Damage] = {
    "as it was": lambda code, rng: code,
    "lower case": lambda code, rng: code.lower(),
    "bank prefix": lambda code, rng: f"MBVCB.{figures(rng)}.{code}.CT tu 0071000888888 NGUYEN VAN A",
    "bank suffix": lambda code, rng: f"{code} FT26{figures(rng, 9)} GD {figures(rng, 6)}-261123-10:15:37",
    "words of thanks, with accents": lambda code, rng: f"Cháu gửi tiền mua na ạ {code} cảm ơn bác",
    "upper case, no spaces": lambda code, rng: f"NGUYENVANACHUYENTIEN{code}MUAQUYTCHOSO",
    "spaces inside": lambda code, rng: f"{code[:2]} {code[2:6]} {code[6:]}",
    "hyphens and dots": lambda code, rng: f"{code[:2]}-{code[2:5]}.{code[5:8]}_{code[8:]}",
    "a line break inside": lambda code, rng: f"chuyen tien {code[:5]}\r\n{code[5:]}",
    "full-width letters": lambda code, rng: "".join(chr(ord(c) + 0xFEE0) for c in code),
    "O for 0": lambda code, rng: code[:2] + code[2:].replace("0", "O"),
    "I and l for 1": lambda code, rng: code[:2] + code[2:].replace("1", rng.choice("Il")),
    "one letter wrong": wrong_letter,
    "one letter wrong in a long text": lambda code, rng: f"IBFT {wrong_letter(code, rng, 2)} thanh toan",
    "two neighbours swapped": swapped,
    "one letter lost": dropped,
    "one letter twice": doubled,
    "cut at 25": lambda code, rng: f"IBFT.{figures(rng, 11)}.{code}"[: 25 + rng.randrange(2)],
    "the same code twice": lambda code, rng: f"{code} BankAPINotify {code}",
    "two codes, one of an order": lambda code, rng: f"LS{figures(rng, 6)} {code} don LS{figures(rng, 6)}",
}
