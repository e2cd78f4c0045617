"""What must be reached, and the sentence that says whether it was."""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.config import ROOT
from bench.markets import PAGES, Market
from bench.measuring import Target, in_units, of_rate
from tests import statements

KIB = 1024


@dataclass(frozen=True)
class Figure:
    """A measured number beside its bound."""

    goal: int
    what: str
    value: float
    bound: float
    at_most: bool = True

    @property
    def reached(self) -> bool:
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    def __str__(self) -> str:
        sign, word = "≤" if self.at_most else "≥", "reached" if self.reached else "MISSED"
        return f"| {self.goal} | {self.what} | {self.value:.4g} | {sign} {self.bound:g} | {word} |"


def speed(targets: dict[str, Target], limit: Target) -> list[Figure]:
    """Goals 1 and 4: CPU in units of the limit, and the listing's rate."""
    lists = [page for page in PAGES if page in ("everything", "category", "commune")]
    return [
        Figure(1, "listing: CPU in units of the limit", in_units(targets["listing"], limit), 4.5),
        Figure(1, "listing: rate beside the limit", of_rate(targets["listing"], limit), 0.2, at_most=False),
        *(
            Figure(4, f"{page}: CPU in units of the limit", in_units(targets[page], limit), 3)
            for page in lists
        ),
    ]


def growth(small: dict[str, Target], large: dict[str, Target]) -> list[Figure]:
    """Goal 4: a larger market is not slower."""
    return [
        Figure(
            4, f"{page}: rate beside the small market", of_rate(large[page], small[page]), 0.9, at_most=False
        )
        for page in large
    ]


def questions(market: Market, tiny: Market) -> list[Figure]:
    """Goals 1, 4 and 12: statements to a page, which must be as many in a market of a few listings."""
    figures = []
    for page in PAGES:
        many, few = (max(_asked(one, path) for path in one.paths(page)[:20]) for one in (market, tiny))
        goal = 1 if page == "listing" else 4
        figures += [
            Figure(goal, f"{page}: statements", many, 4),
            Figure(12, f"{page}: statements more than in a market of {tiny.count}", many - few, 0),
        ]
    return figures


def _asked(market: Market, path: str) -> int:
    client = market.app.test_client()
    client.get(path)  # What a process keeps from its first request on is there now.
    with statements.count(market.app) as seen:
        client.get(path)
    return len(seen)


def first_view(market: Market) -> list[Figure]:
    """Goal 8: gzip bytes of HTML and stylesheets, and requests before photos."""
    client, figures = market.app.test_client(), []
    for page in ("home", "shop", "listing"):
        pages = [client.get(path).get_data(as_text=True) for path in market.paths(page)[:20]]
        heaviest, most = _largest(pages, _weight), _largest(pages, _requests)
        figures.append(Figure(8, f"{page}: KiB of HTML and CSS", heaviest / KIB, 14))
        figures.append(Figure(8, f"{page}: requests before photos", most, 3))
    return figures


def _largest(pages: list[str], measure: Callable[[str], int]) -> int:
    return max(measure(page) for page in pages)


def _weight(html: str) -> int:
    sheets = (ROOT / path for path in re.findall(r'rel="stylesheet" href="/([^?"]+)', html))
    return sum(len(gzip.compress(one, 6)) for one in (html.encode(), *(s.read_bytes() for s in sheets)))


def _requests(html: str) -> int:
    return 1 + len(re.findall(r'rel="stylesheet"|<script[^>]* src=', html))
