"""What happens to every request before Flask sees it, and after it was answered."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from werkzeug.wsgi import ClosingIterator, get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

DRAIN_BYTES = 512 * 1024 * 1024  # of a refused body that are read away before the connection is cut
DRAIN_SECONDS = 20.0
_PIECE = 1024 * 1024
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]+){1,20}")
_SLASHES = re.compile("/{2,}")


class PathNormalizer:
    """WSGI middleware.

    It takes doubled and trailing slashes out of paths, for clients that join a base URL and a path by hand; a
    redirect would cost a POST its body. It takes X-Forwarded-Prefix, which a proxy that serves us below a path sends
    and has taken off, for what our paths begin with: who sends it changes the links of that answer alone. And it reads
    away what a refused request still sends, after the answer was sent: closing at once would reset the connection, and
    a client that is still sending would never see the answer.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI call."""
        path = environ.get("PATH_INFO", "")
        environ["PATH_INFO"] = _SLASHES.sub("/", path).rstrip("/") or "/"
        prefix = environ.get("HTTP_X_FORWARDED_PREFIX", "").rstrip("/")
        if _PREFIX.fullmatch(prefix):
            environ["SCRIPT_NAME"] = prefix
        answer = self._application(environ, start_response)
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            return ClosingIterator(answer, partial(_drain, environ))
        return answer


def _drain(environ: WSGIEnvironment) -> None:
    """Read what is left of the body, and throw it away."""
    stream = get_input_stream(environ)
    deadline = time.monotonic() + DRAIN_SECONDS
    left = DRAIN_BYTES
    try:
        while left > 0 and time.monotonic() < deadline and (piece := stream.read(_PIECE)):
            left -= len(piece)
    except Exception:  # the client went away, or sends nonsense: the server closes the connection
        return
