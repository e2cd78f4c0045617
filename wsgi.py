"""The door for a WSGI server: `gunicorn wsgi:app`."""

import gc

from app import create_app

app = create_app()

# The house stays: a collector of garbage that walks through all of it holds a process up for 0.2 seconds.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 20, 20)
