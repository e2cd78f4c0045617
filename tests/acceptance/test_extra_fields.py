"""39: every column of the house posted beside a form's own fields changes what the form changes, no more."""

from collections.abc import Iterator

from flask import Flask, request
from sqlalchemy import update

from app.config import Config
from app.core.db import atomic, db
from app.shops.models import Shop
from app.users.models import User
from app.web.access import Rule, rule
from tests.acceptance.addresses import address
from tests.acceptance.asking import World, scratch
from tests.acceptance.still import Rows

# Fields that a page reads although it shows them only for some goods; they are the household's own words.
READS = {
    "pricing.price": ("licence_number",),
    "editing.edit": ("licence_number",),
    "editing.photo": ("first",),
}
# Different in every run of the same form, by nature: keys, tokens, times that carry a random part.
RANDOM = (
    *(
        "_hash",
        "token",
        "code",
        "key",
        "slug",
        "salt",
        "url",
        "start",
        "facts",
        "id",
        "subject",
        "ref",
        "source",
    ),
)


def columns() -> list[str]:
    """Name every column of every table."""
    return sorted({column.name for table in db.metadata.sorted_tables for column in table.columns})


def _extra(world: World, own: dict[str, str], room: int) -> Iterator[dict[str, str]]:
    """Every column that the form itself does not send, with a value that would be seen.

    They come in as many heaps as it takes: a form of more fields than `room` is refused whole.
    """
    khoa = world.market.khoa
    values = {
        "shop_id": khoa.shop.id,
        "unit_id": 1,
        "user_id": khoa.user.id,
        "buyer_id": khoa.user.id,
        "role": "operator",
        "state": "paid",
        "settlement": "direct",
        "moderation": "hidden",
        "total": 1,
        "price_seen": 1,
        "shop": khoa.shop.code,
        "offer_id": 2,
        "listing_id": 2,
        "lot_id": 2,
    }
    more = {name: str(values.get(name, 7)) for name in columns() if name not in own}
    more |= {"paid": "1", "verified": "1", "is_admin": "1", "commune_id": "1", "seller_id": "1"}
    heap = list(more.items())
    for start in range(0, len(heap), room):
        yield dict(heap[start : start + room])


def forms(world: World) -> Iterator[tuple[str, str, str]]:
    """List every writing address with somebody who may use it: endpoint, role, address."""
    for route in world.routes():
        if "POST" not in (route.methods or ()) or world.rule(route) in (Rule.HOOK, Rule.DEV):
            continue
        known = list(world.forms.get(route.endpoint, {})) or ["owner"]
        for role in known[:1] if "owner" not in known else ["owner"]:
            url = address(world, route, role, "own")
            if url is not None:
                yield route.endpoint, role, url


def _plain(rows: Rows) -> Rows:
    """Leave out what is random by nature; journals are keyed by chance, so rows are put in order."""
    kept = {
        table: [
            {k: v for k, v in row.items() if not k.endswith(RANDOM) and "sealed" not in k} for row in found
        ]
        for table, found in rows.items()
    }
    return {table: sorted(found, key=lambda row: repr(list(row.values()))) for table, found in kept.items()}


def _apart(before: Rows, after: Rows) -> list[tuple[str, str]]:
    """Name the columns in which two worlds differ; "*" where one has more rows."""
    found = set()
    for table, rows in before.items():
        if len(rows) != len(after[table]):
            found.add((table, "*"))
        for one, other in zip(rows, after[table], strict=False):
            found.update((table, column) for column in one if one[column] != other[column])
    return sorted(found)


def _outcome(world: World, role: str, url: str, data: dict[str, str]) -> tuple[int, Rows]:
    with world.stand.taken_back():
        status = world.ask(role, url, "POST", data, keep=True).status_code
        return status, world.stand.records()


def overposted(world: World, *, shared: bool = False) -> list[str]:
    """Send every form with and without the extra fields; name the rows that came out differently.

    shared: the other engine sends a part of them.
    """
    found = []
    for number, (endpoint, role, url) in enumerate(forms(world)):
        if shared and not world.mine(number):
            continue
        # The form's own names of columns are its own business; so is a column that it reads under that name.
        form = world.form(endpoint, role)
        own = dict.fromkeys([*(form.names() if form else []), *READS.get(endpoint, ())], "") | world.filled(
            endpoint, role
        )
        sent = world.filled(endpoint, role)
        status, without = _outcome(world, role, url, sent)
        before = _plain(without)
        room = world.app.config["MAX_FORM_PARTS"] - len(sent) - 1  # the guard's token is a field too
        for extra in _extra(world, own, room):
            again, with_extra = _outcome(world, role, url, {**extra, **sent})
            different = [f"{table}.{column}" for table, column in _apart(before, _plain(with_extra))]
            if different or status != again:
                found.append(f"{endpoint}: {status} -> {again}, {different}")
    return found


def test_extra_fields_change_nothing(world: World, full: bool) -> None:
    wrong = overposted(world, shared=not full)
    assert wrong == [], "\n".join(wrong)
    print(f"{len(list(forms(world)))} forms, each with {len(columns())} names of columns")


def _greedy(app: Flask) -> None:
    """Copy whatever a form names onto the row, as generic views do."""

    @rule(Rule.SIGNED_IN)
    def name() -> str:
        with atomic():
            fields = {k: v for k, v in request.form.items() if k in ("name", "language", "disabled_at")}
            db.session.execute(update(User).where(User.name == "Khoa").values(name=fields["name"]))
            if "settlement" in request.form:
                db.session.execute(update(Shop).values(settlement=request.form["settlement"]))
        return "x"

    app.view_functions["account.name"] = name


def test_control_a_greedy_form_is_caught(world: World, config: Config) -> None:
    with scratch(world, config, _greedy) as broken:
        routes = [r for r in broken.routes() if r.endpoint == "account.name"]
        broken.routes = lambda: routes  # type: ignore[method-assign]
        assert any("shops" in line for line in overposted(broken))
