"""Whether a server may listen on its configured address."""

from __future__ import annotations

import ipaddress

from ocrq.errors import ServiceError


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches the address; another name than ``localhost`` could be anybody's."""
    try:
        return host == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, *, keys: bool, accepted: bool) -> None:
    """Refuse to serve other machines without asking for a key.

    Args:
        host: What the server is to listen on.
        keys: Whether API keys are set.
        accepted: Whether the operator has accepted that it is open.

    Raises:
        ServiceError: It would be open to whoever reaches it.
    """
    if keys or accepted or is_loopback(host):
        return
    raise ServiceError(
        f"anyone who can reach {host or 'this machine'} could use this server: set OCRQ_API_KEYS to require a key "
        "(`ocrq keys new` makes one), or OCRQ_OPEN=1 to leave it open knowingly; on 127.0.0.1 it needs neither"
    )
