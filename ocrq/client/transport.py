"""How requests leave: httpx set up alike for threads and for asyncio."""

from __future__ import annotations

from typing import Any

import httpx

from ocrq import __version__
from ocrq.client.steps import Send
from ocrq.exposure import is_loopback

CONNECT_SECONDS = 10.0  # nobody who would answer takes longer to pick up; an endpoint after it may be asked instead
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=32)  # the caller bounds what is under way


def options(local: bool) -> dict[str, Any]:
    """What makes an httpx client.

    Args:
        local: Of this machine's own addresses, which no proxy of the environment stands before.
    """
    return {
        "headers": {"User-Agent": f"ocrq/{__version__}", "Accept": "application/json"},
        "trust_env": not local,
        "follow_redirects": False,
        "limits": _LIMITS,
    }


def arguments(send: Send, timeout: float) -> dict[str, Any]:
    """What makes a request of a step.

    Args:
        send: The step.
        timeout: Seconds for one answer, beyond what the server is to hold it.
    """
    return {
        "method": send.method,
        "url": send.url,
        "headers": dict(send.headers),
        "params": dict(send.params) or None,
        "timeout": httpx.Timeout(timeout + send.held, connect=min(timeout, CONNECT_SECONDS), pool=None),
        **send.content,
    }


def goes_nowhere_else(url: str) -> bool:
    """Whether an address is this machine's own."""
    return is_loopback(httpx.URL(url).host)
