"""Vietnamese at `/…`, English at `/en/…`: the prefix is cut off before routing and put back by `url_for`."""

from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any

from flask import Flask, request
from flask_babel import Babel

LANGUAGES = ("vi", "en")
# Asked for with every word and number of a page; looking into the request each time was a tenth of its work.
_language = ContextVar("language", default="vi")


class LanguagePrefix:
    """WSGI middleware that moves `/en` from the path into SCRIPT_NAME, and tells `language`."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        english = path == "/en" or path.startswith("/en/")
        if english:
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + "/en"
            environ["PATH_INFO"] = path[3:] or "/"
        before = _language.set("en" if english else "vi")
        try:
            return self.application(environ, start_response)
        finally:
            _language.reset(before)


def language() -> str:
    """Give the language of this request: "vi" or "en"; outside of any, "vi"."""
    return _language.get()


def here_in(other: str) -> str:
    """Give this page's address in another language."""
    path = request.full_path.rstrip("?")
    return ("/en" + path) if other == "en" else path


def init(app: Flask) -> None:
    """Choose the language by address alone, so that pages can be cached."""
    app.wsgi_app = LanguagePrefix(app.wsgi_app)  # type: ignore[method-assign]
    Babel(app, locale_selector=language)
    app.jinja_env.globals.update(language=language, here_in=here_in)
    app.context_processor(
        lambda: {"lang": language(), "other_lang_url": here_in("vi" if language() == "en" else "en")}
    )
