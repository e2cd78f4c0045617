"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.storefront import (
    about,
    account,
    cart,
    checkout,
    health,
    home,
    listing,
    order,
    pay,
    pictures,
    refund,
    review,
    search,
    share,
    shop,
    signing_in,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    search.blueprint,
    shop.blueprint,
    listing.blueprint,
    about.blueprint,
    pictures.blueprint,
    share.blueprint,
    cart.pages,
    checkout.pages,
    review.pages,
    pay.pages,
    order.pages,
    refund.pages,
    signing_in.pages,
    health.blueprint,
    account.pages,
)
