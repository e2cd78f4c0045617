"""How pages write money, amounts, dates and phones, in the reader's language."""

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import NullTranslations
from typing import Any

from babel.dates import get_month_names
from babel.lists import format_list
from babel.numbers import format_decimal
from flask import Flask
from flask_babel import force_locale, format_date, format_datetime, get_domain
from jinja2 import StrictUndefined, Template
from jinja2.runtime import Context
from markupsafe import Markup

from app.catalog import taxonomy
from app.catalog.rules import spans
from app.core.clock import local
from app.core.phones import mask_phone, show_phone
from app.core.quantity import show_quantity
from app.web.languages import language

NBSP = "\u00a0"
MINUS = "\u2212"


def number(value: int) -> str:
    """1234567 -> "1.234.567" in Vietnamese, "1,234,567" in English."""
    return _number(value, language())


# Pages write the same few numbers again and again, and Babel takes its time for each.
@lru_cache(maxsize=4096)
def _number(value: int, tongue: str) -> str:
    return str(format_decimal(value, locale=tongue))


def grouped(number: str) -> str:
    """Write an account's number in fours, as banks print it."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def dong(value: int) -> str:
    """35000 -> "35.000 đ"; the sum and its đ never break apart, nor a minus from its sum."""
    return f"{number(value)}{NBSP}đ".replace("-", MINUS)


def unit_name(code: str) -> str:
    """Give a unit's name: "kg", "quả", in English "piece"."""
    return _unit_name(code, language())


def units_name(code: str) -> str:
    """Give the word after a count that is not known yet, beside a field: "kg", "quả", "pieces"."""
    return _unit_name(code, language(), several=True)


@cache
def _unit_name(code: str, tongue: str, *, several: bool = False) -> str:
    return taxonomy.unit(code).word(tongue, several=several)


def amount(quantity: int, per: int, unit: str) -> str:
    """Write an amount of `quantity` base units sold by `per`: (2500, 1000, "kg") -> "2,5 kg", "2 boxes"."""
    return _amount(quantity, per, unit, language())


@lru_cache(maxsize=4096)
def _amount(quantity: int, per: int, unit: str, tongue: str) -> str:
    counted_in = taxonomy.unit(unit).counted_in if tongue == "en" else None
    if counted_in is not None:
        return _amount(quantity, taxonomy.unit(counted_in).per, counted_in, tongue)
    shown = show_quantity(quantity, per, tongue)
    # "1 box", "1/3 box", but "0.5 litres" and "2 1/3 boxes".
    one = quantity == per or (quantity < per and "/" in shown)
    return f"{shown}{NBSP}{_unit_name(unit, tongue, several=not one)}"


def heap(quantity: int, base: str) -> str:
    """Write an amount of a lot: grams as kg, millilitres as litres, pieces as they are."""
    if base == "piece":
        return number(quantity)
    return amount(quantity, 1000, "kg" if base == "g" else "lit")


def day(value: date | datetime) -> str:
    """Write a local date: 23/11/2026."""
    value = local(value).date() if isinstance(value, datetime) else value
    return value.strftime("%d/%m/%Y") if language() == "vi" else format_date(value, "d MMM yyyy")


def short_day(value: date | datetime) -> str:
    """Write a local date without its year: 23/11."""
    value = local(value).date() if isinstance(value, datetime) else value
    return value.strftime("%d/%m") if language() == "vi" else format_date(value, "d MMM")


def long_day(value: date | datetime) -> str:
    """Write a local date with its weekday: "Thứ Năm 26/11"."""
    value = local(value).date() if isinstance(value, datetime) else value
    return format_date(value, "EEEE dd/MM" if language() == "vi" else "EEEE d MMM")


def month_name(value: int) -> str:
    """Write a month: 11 in Vietnamese, where "tháng" stands before it, "November" in English."""
    return str(value) if language() == "vi" else format_date(date(2000, value, 1), "MMMM")


def season_name(span: tuple[int, int]) -> str:
    """Write one season: "tháng 7–9", "Jul–Sep"; of one month, "tháng 7", "Jul"."""
    return _season_name(span, language())


@cache
def _season_name(span: tuple[int, int], tongue: str) -> str:
    months = dict.fromkeys(span)
    if tongue == "vi":
        return f"tháng {'–'.join(map(str, months))}"
    return "–".join(get_month_names("abbreviated", locale=tongue)[month] for month in months)


def season_names(months: tuple[int, ...]) -> str:
    """Write all seasons of a year: "tháng 2–4 và tháng 8–9", "Feb–Apr and Aug–Sep"."""
    return _season_names(months, language())


@cache
def _season_names(months: tuple[int, ...], tongue: str) -> str:
    return format_list([_season_name(span, tongue) for span in spans(months)], locale=tongue)


def clock_time(value: datetime) -> str:
    """Write a local time: 10:42."""
    return format_datetime(value, "HH:mm")


def category_name(code: str) -> str:
    """Give a category's name in the reader's language."""
    return taxonomy.category(code).name(language())


def kind_name(code: str) -> str:
    """Give a category's name as people say it: "Hồi" for "Hồi, quế và gia vị khô"."""
    return re.split(r" \(|,| và | and ", category_name(code))[0]


# A grid would else join and escape these addresses anew for each of its cards: a tenth of a list's values.
@lru_cache(maxsize=4096)
def sources(key: str) -> Markup:
    """Write where a grid's photo comes from, as attributes of its image."""
    at = f"/anh/{key}"
    return Markup('src="{0}/320.webp" srcset="{0}/320.webp 320w,{0}/640.webp 640w"').format(at)


# Flask-Babel looks for its catalogue anew with every word of a page; a page has seventy.
@cache
def _catalogue(tongue: str) -> NullTranslations:
    with force_locale(tongue):
        return get_domain().get_translations()


def _said(message: str, **values: object) -> str:
    text = _catalogue(language()).gettext(message)
    return text % values if values else text


def _counted(one: str, many: str, num: int, **values: object) -> str:
    text = _catalogue(language()).ngettext(one, many, num)
    return text % {"num": num, **values}


def kept(macro: Callable[..., str]) -> Callable[..., str]:
    """Keep what a macro draws, by language and arguments: for icons, stars and bars, which never change.

    Only for macros that read nothing but their arguments.
    """

    @lru_cache(maxsize=512)
    def drawn(_tongue: str, *args: Any, **more: Any) -> str:
        return macro(*args, **more)

    return lambda *args, **more: drawn(language(), *args, **more)


class _Template(Template):
    """A template that shares its macros with all who import it.

    Jinja compares the names of both sides at each import, for templates that were loaded with globals of
    their own. Ours never are, and a page has a dozen imports: one part in twenty of its work.
    """

    def _get_default_module(self, ctx: Context | None = None) -> Any:
        return super()._get_default_module()


def init(app: Flask) -> None:
    """Hang the filters into the templates."""
    app.jinja_env.template_class = _Template
    app.jinja_env.undefined = StrictUndefined
    # Jinja's own `_` would look up `gettext` anew for every word and call it through one more layer.
    app.jinja_env.globals.update(_=_said, gettext=_said, ngettext=_counted, kept=kept)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(
        sources=sources,
        dong=dong,
        number=number,
        amount=amount,
        heap=heap,
        unit_name=unit_name,
        units_name=units_name,
        category_name=category_name,
        kind_name=kind_name,
        date=day,
        short_day=short_day,
        long_day=long_day,
        month_name=month_name,
        season_name=season_name,
        season_names=season_names,
        spans=spans,
        time=clock_time,
        phone=show_phone,
        masked=mask_phone,
        grouped=grouped,
    )
