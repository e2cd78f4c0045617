"""Chợ số: a digital storefront and e-payment marketplace for farming households."""

from flask import Flask

from app.config import ROOT, Config


def create_app(config: Config | None = None) -> Flask:
    """Put the house together: the only place that sees every floor."""
    from flask_migrate import Migrate

    from app import cli, jobs, web
    from app.core import sealing, storage
    from app.core.db import db
    from app.flows import disputing, outgoing
    from app.ledger import levies
    from app.media import decoding
    from app.notices import channels
    from app.payments import feeds, providers

    config = config or Config.from_env()
    config.check()
    app = Flask(__name__, static_folder=str(ROOT / "static"))
    app.config.from_mapping(_flask_settings(config))
    app.debug = app.debug and not config.is_production  # whatever FLASK_DEBUG says
    app.extensions["market"] = config
    sealing.bind(config.data_key, *config.data_keys_old)
    storage.bind(storage.LocalStorage(config.media_dir))
    decoding.bind(decoding.Slots(config.media_dir / "slots"))
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    providers.bind(config)
    feeds.bind(config)
    outgoing.bind()
    levies.bind(config.withholding)
    disputing.bind(config.disputes_borne_by)
    channels.bind(config)
    jobs.bind(app, config)
    web.mount(app, config)
    cli.register(app)
    return app


def _flask_settings(config: Config) -> dict[str, object]:
    return {
        "SECRET_KEY": config.secret_key,
        "SQLALCHEMY_DATABASE_URI": config.database_url,
        # Parameters hold names and phones; they must not reach a log through an exception's text.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},
        "SESSION_COOKIE_NAME": "__Host-cho",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 60 * 86400,
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_PARTS": 200,
        "BABEL_DEFAULT_LOCALE": "vi",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Ho_Chi_Minh",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_CHECK_DEFAULT": False,
    }
