"""Who is asking: the sign-in behind the session cookie, looked up anew with every private request.

The cookie holds a random token; its row in `user_sessions` decides. Ending the row signs the device out,
wherever the cookie has gone in the meantime.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Flask, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config import Config
from app.core import clock
from app.core.actor import Actor
from app.flows.signing_in import Entered
from app.users import queries as users
from app.users import sessions
from app.users.models import UserSession
from app.web.access import Rule, rule_of

KEPT = ("cart",)  # what a visitor had in hand before signing in; everything else is left at the door
# What stands in a user agent, and what people call it; the first that fits, for each claims to be many.
SYSTEMS = {"Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Windows": "Windows", "Mac": "Mac",
           "Linux": "Linux"}  # fmt: skip
BROWSERS = {"Zalo": "Zalo", "coc_coc": "Cốc Cốc", "SamsungBrowser": "Samsung", "Edg": "Edge", "OPR": "Opera",
            "Firefox": "Firefox", "FxiOS": "Firefox", "Chrome": "Chrome", "CriOS": "Chrome",
            "Safari": "Safari"}  # fmt: skip


@dataclass(frozen=True)
class SignedIn(UserMixin):  # type: ignore[misc]
    """The person behind a request, as pages see them."""

    user_id: int
    session_id: int
    name: str
    language: str
    token: str
    proven_at: datetime | None = None  # when the second factor was given on this device
    row: UserSession | None = None  # the sign-in itself; none in the request that has just made it

    def get_id(self) -> str:
        """Give what the cookie holds: the token of the sign-in, never the number of the person."""
        return self.token


def _load(token: str) -> SignedIn | None:
    found = users.find_sign_in(token, at=clock.now())
    if found is None:
        return None
    user, row = found.user, found.session
    return SignedIn(user.id, row.id, user.name, user.language, token, row.proven_at, row)


def _keep_alive() -> None:
    """Note that a device is in use; its cookie is renewed with the same stroke."""
    if "_user_id" not in session or rule_of(request.endpoint) in (None, Rule.PUBLIC, Rule.HOOK):
        return
    if current_user.is_authenticated and sessions.touch(current_user.row, at=clock.now()):
        session.modified = True


def enter(entered: Entered) -> None:
    """Give this browser its sign-in. The old session ends here, its form token included."""
    kept = {key: session[key] for key in KEPT if key in session}
    session.clear()
    session.update(kept)
    session.permanent = True
    user = entered.user
    login_user(SignedIn(user.id, 0, user.name, user.language, entered.token))


def leave() -> None:
    """Sign this browser out, here and in the database."""
    if current_user.is_authenticated:
        sessions.end(user_id=current_user.user_id, session_id=current_user.session_id, at=clock.now())
    logout_user()
    session.clear()


def actor() -> Actor:
    """Give the person of this request as journals want them."""
    return Actor("user", current_user.user_id, device=device())


def address() -> str:
    """Give the visitor's network address; X-Forwarded-For counts only from trusted proxies."""
    return request.remote_addr or ""


def device() -> str:
    """Give a short name of the visitor's device, such as "Chrome, Android"; never the whole user agent."""
    agent = request.headers.get("User-Agent", "")
    found = (
        next((name for sign, name in names.items() if sign in agent), "") for names in (BROWSERS, SYSTEMS)
    )
    return ", ".join(name for name in found if name)


def init(app: Flask) -> None:
    """Teach the app who is asking."""
    config: Config = app.extensions["market"]
    if config.trusted_proxies:
        # Host is not taken from a header: the proxy passes the real one on.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=config.trusted_proxies, x_proto=config.trusted_proxies, x_host=0
        )
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # the token alone decides; phones change their address all day
    manager.user_loader(_load)
    app.before_request(_keep_alive)
