"""Search and browse: words typed with or without marks, by kind, commune and month, page after page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    case,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import aliased

from app.catalog import taxonomy
from app.catalog.cards import DOC, Card, card, ripe_in, select_cards
from app.catalog.queries import visible_on
from app.catalog.rules import ALL_MONTHS
from app.core import text
from app.core.db import UtcDateTime, db, read
from app.regions.models import Unit
from app.regions.queries import valid_on
from app.regions.rules import dictionary_key

PAGE = 24
MAX_TYPED = 100
MAX_WORDS = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = 250_000_000_000_000_000  # microseconds; the end of what a datetime holds
_CURSOR = re.compile(r"([0-9])-([0-9]{1,18})-([0-9]{1,18})", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """What a visitor looks for; anything left out is not asked for. `month`: in season then, not all year."""

    typed: str = ""
    category: str | None = None
    unit_id: int | None = None
    month: int | None = None
    after: str = ""


@dataclass(frozen=True)
class Found:
    """One page of cards; `after` continues behind it, None at the end."""

    cards: tuple[Card, ...]
    after: str | None


@dataclass(frozen=True)
class Place:
    """A commune to choose from."""

    code: str
    full_name: str
    unit_id: int


def communes(province: str, on: date) -> tuple[Place, ...]:
    """List the communes of a province on a day, in dictionary order; read once a day by each process."""
    found = _communes(province, on)
    if not found:
        _communes.cache_clear()  # The units are not loaded yet.
    return found


@lru_cache(maxsize=4)
def _communes(province: str, on: date) -> tuple[Place, ...]:
    above = aliased(Unit)
    rows = db.session.execute(
        select(Unit.code, Unit.full_name, Unit.id, Unit.name)
        .join(above, above.id == Unit.parent_id)
        .where(above.code == province, above.kind == "province", Unit.kind == "commune", valid_on(on))
    ).all()
    return tuple(Place(*row[:3]) for row in sorted(rows, key=lambda row: dictionary_key(row.name)))


def kinds() -> tuple[str, ...]:
    """List the kinds to choose from, those nobody may sell yet left out."""
    return tuple(c.code for c in taxonomy.categories().values() if not c.closed)


def kinds_in(month: int) -> tuple[str, ...]:
    """List the kinds whose usual season has that month; what is there all year is in no season."""
    return tuple(
        c.code
        for c in taxonomy.categories().values()
        if not c.closed and len(c.months) < 12 and month in c.months
    )


def padded_words(*texts: str) -> str:
    """Return the folded words of texts, a space before and behind each, as search documents keep them."""
    return f" {' '.join(word for part in texts for word in text.tokens(part))} "


def find(wish: Wish, *, at: datetime, on: date, limit: int = PAGE) -> Found:
    """Find a page of listings, best first, then newest; the next page begins behind the last row.

    Every word must begin a word of the listing. In one statement.
    """
    typed = text.nfc(wish.typed)[:MAX_TYPED]
    words = tuple(text.tokens(typed)[:MAX_WORDS])
    marked = tuple(w for w in typed.split() if text.fold(w) != w.lower())[:MAX_WORDS] if words else ()
    shape = _Shape(
        words=len(words),
        marked=len(marked),
        raw=bool(typed) and not words,
        category=wish.category,
        commune=wish.unit_id is not None,
        month=wish.month,
        # Only the month that runs asks who is selling today; other months promise nothing.
        on=on if wish.month == on.month else None,
        further=_CURSOR.fullmatch(wish.after) is not None,
        limit=limit + 1,
    )
    values = {"at": at, "unit_id": wish.unit_id, "raw": _plain(typed), **_cursor(wish.after)}
    values |= {f"word{n}": word for n, word in enumerate(words)}
    values |= {f"way{n}{k}": way for n, word in enumerate(marked) for k, way in enumerate(_ways(word))}
    rows = read(_question(shape), values).all()
    return Found(tuple(card(row, on) for row in rows[:limit]), _next(rows, limit))


@dataclass(frozen=True)
class _Shape:
    """What of a question changes its statement; everything else is filled in when it runs."""

    words: int
    marked: int
    raw: bool
    category: str | None
    commune: bool
    month: int | None
    on: date | None
    further: bool
    limit: int


@lru_cache(maxsize=512)
def _question(shape: _Shape) -> Select[*tuple[Any, ...]]:
    wanted = _narrowed(select_cards(), shape)
    rank = _rank(shape) if shape.words else literal(0)
    wanted = wanted.add_columns(rank.label("rank"))
    if shape.words:
        wanted = wanted.where(*(_begins(DOC.folded, n) for n in range(shape.words))).order_by(rank)
    elif shape.raw:
        # Signs and emoji are no words; a name made of them is still found by itself.
        wanted = wanted.where(_contains(DOC.title, bindparam("raw")))
    if shape.further:
        wanted = wanted.where(_behind(rank if shape.words else None))
    return wanted.order_by(DOC.published_at.desc(), DOC.listing_id.desc()).limit(shape.limit)


def _narrowed(wanted: Select[*tuple[Any, ...]], shape: _Shape) -> Select[*tuple[Any, ...]]:
    if shape.category is not None:
        wanted = wanted.where(DOC.category.in_(taxonomy.family(shape.category)))
    if shape.commune:
        wanted = wanted.where(DOC.unit_id == bindparam("unit_id"))
    if shape.month is not None:
        wanted = wanted.where(ripe_in(shape.month), DOC.seasons != ALL_MONTHS)
    if shape.on is not None:
        wanted = wanted.where(visible_on(shape.on))
    return wanted


def _rank(shape: _Shape) -> ColumnElement[int]:
    """Order: title with the very marks typed, whole words of the title, beginnings in it, the rest."""
    title = DOC.folded_title
    numbers = range(shape.words)
    in_title = and_(*(_begins(title, n) for n in numbers))
    whole = and_(*(_contains(title, " " + bindparam(f"word{n}", type_=String) + " ") for n in numbers))
    cases: list[tuple[ColumnElement[bool], int]] = [(whole, 1), (in_title, 2)]
    if shape.marked:
        as_written = (
            or_(*(_contains(DOC.title, bindparam(f"way{n}{k}", type_=String)) for k in range(3)))
            for n in range(shape.marked)
        )
        cases.insert(0, (and_(in_title, *as_written), 0))
    return case(*cases, else_=3)


def _begins(column: ColumnElement[str], n: int) -> ColumnElement[bool]:
    return _contains(column, " " + bindparam(f"word{n}", type_=String))


def _contains(column: ColumnElement[str], part: ColumnElement[str]) -> ColumnElement[bool]:
    # Words are letters and digits; what else is asked for comes escaped (`_plain`).
    return column.like("%" + part + "%", escape="/")


def _plain(part: str) -> str:
    """Take from % and _ their meaning in LIKE."""
    return part.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _ways(word: str) -> tuple[str, str, str]:
    # SQLite changes the case of ASCII letters only, so the three usual writings are asked for.
    return _plain(word), _plain(word.lower()), _plain(word.capitalize())


def _behind(rank: ColumnElement[int] | None) -> ColumnElement[bool]:
    moment, number = bindparam("after_at", type_=UtcDateTime), bindparam("after_id", type_=BigInteger)
    older = or_(
        DOC.published_at < moment,
        and_(DOC.published_at == moment, DOC.listing_id < number),
    )
    if rank is None:
        # The first half lets an index begin where the last page ended; OR alone walks there from the top.
        return and_(DOC.published_at <= moment, older)
    last = bindparam("after_rank", type_=Integer)
    return or_(rank > last, and_(rank == last, older))


def _cursor(after: str) -> dict[str, Any]:
    """Read where the last page ended; nonsense begins again at the first one."""
    found = _CURSOR.fullmatch(after)
    if found is None:
        return {}
    rank, micros, listing_id = (int(part) for part in found.groups())
    return {
        "after_rank": rank,
        "after_at": _EPOCH + timedelta(microseconds=min(micros, _LAST)),
        "after_id": listing_id,
    }


def _next(rows: Sequence[Any], limit: int) -> str | None:
    if len(rows) <= limit:
        return None
    last = rows[limit - 1]
    micros = (last.published_at - _EPOCH) // timedelta(microseconds=1)
    return f"{last.rank}-{micros}-{last.listing_id}"
