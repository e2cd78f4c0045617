"""The limit of the stack: a bare Flask route that renders a page of 12 KB from memory, without any query.

Its CPU time is the unit in which the pages of the market are measured; every figure of `make bench` is a
ratio to it, taken in the same minute on the same machine.
"""

from typing import Any

from flask import Flask, render_template

app = Flask(__name__)


class Row(dict[str, Any]):
    """A row as templates read it."""

    __getattr__ = dict.__getitem__


WORDS = ("Vegetables", "Fruit", "Dairy", "Eggs", "Bread", "Meat", "Fish", "Honey", "Flour", "Herbs", "Drinks",
         "Plants")  # fmt: skip
KINDS = [Row(id=number, name=word) for number, word in enumerate(WORDS)]
CARDS = [
    Row(id=n, slug=f"product-{n}", title=f"Heirloom tomato no. {n} & basil", price_minor=199 + 7 * n,
        unit="kg", stock=n % 5)
    for n in range(1, 25)
]  # fmt: skip
PRODUCT = Row(id=7, slug="product-7", title="Heirloom tomato <Brandywine>", price_minor=450, unit="kg",
              stock=12, description="Picked this morning. " * 30)  # fmt: skip
SELLER = Row(id=1, name="Green Valley Farm", place="Upper Village")


@app.template_filter("money")
def money(minor: int) -> str:
    """Write an amount in its hundredths."""
    return f"{minor // 100}.{minor % 100:02d}"


@app.get("/page")
def page() -> str:
    """Render a layout, a macro, an include and a loop of 24 cards."""
    return render_template(
        "product.html", p=PRODUCT, seller=SELLER, cards=CARDS, cats=KINDS, lang="en", csrf="x" * 43,
        basket_count=3,
    )  # fmt: skip
