"""The process's environment, where a client that is given no address finds its configuration."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ocrq.client.configuration import PROFILE_OPERATIONS, TIMEOUT_SECONDS, Configuration, Profile, Variables
from ocrq.client.endpoint import Endpoint, endpoints_of
from ocrq.client.retries import Retries


def configured(
    endpoint: str | Endpoint | None,
    api_key: str | None,
    timeout: float | None,
    retries: Retries | None,
    fallbacks: Iterable[str | Endpoint],
    profile: Profile,
    request: Mapping[str, Any],
) -> Configuration:
    """A client's configuration: by its arguments alone, or, where they name no endpoint, by the environment, too.

    A key or a model of the environment is thus never sent to a server that the environment did not name.

    Raises:
        InvalidRequest: A variable is wrong or missing.
        ServerUnreachable: An endpoint is no URL.
    """
    if endpoint is None:
        found = Variables(os.environ, profile).configuration(api_key, timeout, retries)
        return replace(
            found,
            endpoints=(*found.endpoints, *endpoints_of(fallbacks, api_key)),
            request={**found.request, **request},
        )
    return Configuration(
        endpoints_of((endpoint, *fallbacks), api_key),
        TIMEOUT_SECONDS if timeout is None else timeout,
        retries or Retries(),
        PROFILE_OPERATIONS[profile],
        dict(request),
    )
