"""Pages of plain words: the rules, help, how we rank, complaints, what we keep about people."""

from flask import Blueprint

from app.web.access import Rule, rule
from app.web.storefront.shared import config, page

blueprint = Blueprint("about", __name__)


@blueprint.get("/quy-che")
@rule(Rule.PUBLIC)
def rules() -> str:
    """Say who may do what on this market."""
    return page("storefront/rules.html")


@blueprint.get("/goi-giup")
@blueprint.get("/tro-giup")
@rule(Rule.PUBLIC)
def help_() -> str:
    """Say whom to call and answer what is asked most."""
    return page("storefront/help.html", phone=config().help_phone)


@blueprint.get("/cach-xep-hang")
@rule(Rule.PUBLIC)
def ranking() -> str:
    """Say in which order listings stand, and that nobody can buy a place."""
    return page("storefront/ranking.html")


@blueprint.get("/khieu-nai")
@rule(Rule.PUBLIC)
def complaints() -> str:
    """Say how to complain and by when one is answered."""
    return page("storefront/complaints.html", phone=config().help_phone)


@blueprint.get("/du-lieu")
@rule(Rule.PUBLIC)
def privacy() -> str:
    """Say what is kept about people, why and how long."""
    return page("storefront/privacy.html", phone=config().help_phone)
