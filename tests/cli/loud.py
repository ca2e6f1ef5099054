"""cprsync with every wire forced to talk: HTTP, TLS, SOAP and SQL at DEBUG. For the test that listens."""

from __future__ import annotations

import http.client
import logging
import sys

from cprsync.cli.main import app
from cprsync.cli.terminal import logs

LOUD = (
    "asyncssh",
    "zeep",
    "zeep.transports",
    "urllib3",
    "requests",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "alembic",
    "uvicorn",
)


def loud(level: str) -> None:
    """Configure as the program does, then force the libraries open, whatever the program thinks of it."""
    quiet(level)
    http.client.HTTPConnection.debuglevel = 1
    http.client.HTTPSConnection.debuglevel = 1
    for name in LOUD:
        logger = logging.getLogger(name)
        logger.disabled = False
        logger.propagate = True
        logger.setLevel(logging.DEBUG)


quiet = logs.configure
logs.configure = loud

if __name__ == "__main__":
    sys.exit(app())
