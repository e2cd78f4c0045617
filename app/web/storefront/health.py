"""Whether the market serves, for whoever starts and watches it."""

from flask import Blueprint

from app.web.access import Rule, rule

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@rule(Rule.GUEST)
def live() -> tuple[str, dict[str, str]]:
    """Answer as soon as requests are served; asks nothing else."""
    return "ok\n", {"Content-Type": "text/plain"}
