"""REDIS_URL in the one form that redis-py, Celery and kombu read alike, and the form that may be shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode

DEFAULT_PORT, SENTINEL_PORT = 6379, 26379
_EXAMPLE = "write it like redis://:password@host:6379/0"
_SENTINEL_EXAMPLE = "write it like sentinel://:password@host1:26379,host2:26379/0?master_name=mymaster"
_SENTINEL_PARAMETERS = ("master_name", "sentinel_username", "sentinel_password")
_SCHEMES = ("redis", "rediss")
# Python's names, which Celery documents, beside redis-py's own.
_CERT_REQS = {
    "": "required",
    "required": "required",
    "cert_required": "required",
    "optional": "optional",
    "cert_optional": "optional",
    "none": "none",
    "cert_none": "none",
}
_NEXT_SENTINEL = re.compile(r"(?:/\d*)?;\s*(?:redis\+)?sentinel://(?:[^;@/]*@)?")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^:\[\]\s]*)(?::(\d{1,5}))?")
_SECRET_PARAMETER = re.compile(r"([?&](?:username|password|ssl_password|sentinel_username|sentinel_password)=)[^&]*")


def normalised(url: str) -> str:
    """The URL with what is left out filled in: certificates required, the port, database 0, a password that is quoted.

    Raises:
        ValueError: No Redis that can be used is named so; the message says the remedy, and no password.
    """
    scheme, separator, rest = url.strip().partition("://")
    scheme = scheme.lower()
    if scheme in ("unix", "redis+socket", "socket"):
        raise ValueError("names a Unix socket, which Celery's results cannot use; give Redis's TCP port: redis://…")
    if scheme in ("sentinel", "redis+sentinel"):
        return _of_sentinels(rest)
    if scheme == "rediss+sentinel":
        raise ValueError(
            "names Sentinels with TLS, which are not supported; give an address that always leads to the primary "
            "(HAProxy, or a Kubernetes service) as rediss://host:6379/0"
        )
    if scheme in ("redis+cluster", "rediss+cluster"):
        raise ValueError("names a Redis Cluster, which Celery cannot use; give a single Redis server as redis://…")
    if not separator or scheme not in _SCHEMES:
        raise ValueError(f"is not a Redis URL; {_EXAMPLE}")
    login, place, database, query = _parts(rest, _EXAMPLE)
    if "," in place:
        raise ValueError(f"names no host and port, or several; {_EXAMPLE}")
    return f"{scheme}://{login}{_address(place, DEFAULT_PORT, _EXAMPLE)}/{database}{_query(scheme, query)}"


def _of_sentinels(rest: str) -> str:
    """The form of a URL of Sentinels; Celery's own, a URL for each with a ``;`` between them, is taken, too."""
    login, places, database, query = _parts(_NEXT_SENTINEL.sub(",", rest), _SENTINEL_EXAMPLE)
    addresses = ",".join(_address(place, SENTINEL_PORT, _SENTINEL_EXAMPLE) for place in places.split(","))
    parameters = dict(parse_qsl(query))
    if unknown := sorted(parameters.keys() - set(_SENTINEL_PARAMETERS)):
        raise ValueError(f"has {unknown[0]}, which Sentinels do not take; {_SENTINEL_EXAMPLE}")
    if not parameters.get("master_name"):
        raise ValueError(f"names Sentinels and not what they call the primary; {_SENTINEL_EXAMPLE}")
    return f"sentinel://{login}{addresses}/{database}?{urlencode(parameters)}"


def _parts(rest: str, example: str) -> tuple[str, str, str, str]:
    """What stands behind the scheme: the login with its @, hosts and ports, the database, the query."""
    credentials, at, address = rest.rpartition("@")
    address, _, query = address.partition("?")
    places, _, database = address.partition("/")
    if not re.fullmatch(r"\d{0,5}/?", database):
        raise ValueError(f"has a database that is not a number; {example}")
    login = ":".join(map(_quoted, credentials.split(":", 1))) + at
    return login, places, database.strip("/") or "0", query


def _address(place: str, usual_port: int, example: str) -> str:
    match = _HOST.fullmatch(place)
    if not match:
        raise ValueError(f"names no host and port, or several; {example}")
    host, port = match[1] or "127.0.0.1", int(match[2] or usual_port)
    if not 0 < port < 1 << 16:
        raise ValueError(f"has a port outside 1 to 65535; {example}")
    return f"{host}:{port}"


def _quoted(part: str) -> str:
    return quote(unquote(part), safe="")


def _query(scheme: str, query: str) -> str:
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    if scheme != "rediss":
        if any(name.startswith("ssl_") for name in parameters):
            raise ValueError("has settings for TLS and a scheme without it; write rediss://…")
    else:
        given = parameters.get("ssl_cert_reqs", "").strip().lower()
        if given not in _CERT_REQS:
            raise ValueError("has an ssl_cert_reqs that is not one of required, optional, none")
        parameters["ssl_cert_reqs"] = _CERT_REQS[given]
    return "?" + urlencode(parameters, safe="/:") if parameters else ""


def masked(url: str) -> str:
    """The URL without its password: whatever stands between the scheme's colon and the last @ but the user's name."""
    start = url.find("://") + 3 if "://" in url else 0
    scheme, rest = url[:start], url[start:]
    credentials, at, address = rest.rpartition("@")
    shown = f"{credentials.partition(':')[0]}:***@" if at and ":" in credentials else credentials + at
    return _SECRET_PARAMETER.sub(r"\1***", scheme + shown + address)
