"""One GET to a server nearby, past any proxy that is set for the world outside."""

from __future__ import annotations

import urllib.error
import urllib.request

_SECONDS = 2.0  # an API under load answers its probes in well under one
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def status(url: str, seconds: float = _SECONDS) -> int | None:
    """The HTTP status a GET is answered with; None where nothing answers in time."""
    try:
        with _DIRECT.open(url, timeout=seconds) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):  # ValueError: no URL at all
        return None
