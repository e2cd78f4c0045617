"""The blueprints of this audience, in the order of their addresses."""

from flask import Blueprint

from app.web.seller import (
    bank_account,
    counting,
    editing,
    giving_back,
    goods,
    home,
    money,
    opening,
    orders,
    papers,
    pricing,
    publishing,
    refunds,
    selling,
    shop_settings,
    transfers,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    opening.blueprint,
    selling.blueprint,
    pricing.blueprint,
    counting.blueprint,
    publishing.blueprint,
    goods.blueprint,
    editing.blueprint,
    shop_settings.blueprint,
    bank_account.blueprint,
    transfers.blueprint,
    orders.blueprint,
    giving_back.blueprint,
    refunds.blueprint,
    money.blueprint,
    papers.blueprint,
)
