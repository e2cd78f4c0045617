"""Servers of the tests: they listen on this machine until their block ends, and then end at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

OFTEN = 0.02  # seconds between two looks whether it is to end; the library's own half second adds up


@contextmanager
def listening(server: BaseServer) -> Iterator[None]:
    """Let a server answer in a thread of its own until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": OFTEN}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
