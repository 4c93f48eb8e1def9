"""Paths as routes have them, whatever a client or a proxy made of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]+){1,20}")
_SLASHES = re.compile("/{2,}")


class PathNormalizer:
    """WSGI middleware.

    It takes doubled and trailing slashes out of paths, for clients that join a base URL and a path by hand; a
    redirect would cost a POST its body. It takes X-Forwarded-Prefix, which a proxy that serves us below a path sends
    and has taken off, for what our paths begin with: who sends it changes the links of that answer alone.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI call."""
        environ["PATH_INFO"] = normalized(environ.get("PATH_INFO", ""))
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        if _PREFIX.fullmatch(prefix):
            environ["SCRIPT_NAME"] = prefix
        return self._application(environ, start_response)


def normalized(path: str) -> str:
    """A path without doubled and trailing slashes."""
    return _SLASHES.sub("/", path).rstrip("/") or "/"
