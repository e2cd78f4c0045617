"""What a listing is called before the household says so: its kind and its commune; pure."""

from app.catalog.taxonomy import Category
from app.core.text import fold

MOST = 6


def kinds(category: Category) -> list[str]:
    """Give the names under which things of a category are sold, the likeliest first: "Na", "Na dai".

    A category that gathers several things ("Bưởi, cam, chanh") is no name; its members are.
    """
    base = category.names["vi"].split(" (")[0]
    names = [] if "," in base or " và " in base else [base]
    names += [name[:1].upper() + name[1:] for name in category.synonyms]
    return list(dict.fromkeys(names or [base]))[:MOST]


def titles(category: Category, commune: str) -> list[str]:
    """Give titles to choose from: "Na Chi Lăng". A kind that names the place already does so once."""
    return [kind if commune in kind else f"{kind} {commune}" for kind in kinds(category)]


def short(title: str, category: Category | None) -> str:
    """Give a title as people say it beside an amount: "5 kg na dai" for "Na dai Chi Lăng VietGAP loại 1"."""
    words = title.split()
    for count in range(min(len(words), 4), 0, -1):
        start = " ".join(words[:count]).rstrip(",;:.")
        if category is not None and fold(start) in {fold(kind) for kind in kinds(category)}:
            return start[:1].lower() + start[1:]
    start = title.partition(",")[0].partition(" (")[0]
    return start[:1].lower() + start[1:]
