"""A client's configuration: by its arguments, or by ``OLM_…`` and ``ROLM_…`` variables of the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, TypeAdapter

from ocrq.client.exchange import Retries
from ocrq.client.transport import Endpoint, endpoints_of
from ocrq.contracts import Operation
from ocrq.errors import InvalidRequest

T = TypeVar("T")

Profile = Literal["OLM", "ROLM"]
"""Whose variables of the environment are read: of plain reading, or of robust reading and, where unset, the plain's."""

PROFILE_OPERATIONS: dict[Profile, Operation] = {"OLM": "extract_text", "ROLM": "extract_text_robust"}
TIMEOUT_SECONDS = 30.0  # for one response, beyond what the server was asked to hold it
MAX_VARIANTS = 10  # as the contract bounds ensemble_size
_TEXT = TypeAdapter(str)
_SWITCH = TypeAdapter(bool)
_SECONDS = TypeAdapter(Annotated[float, Field(gt=0, allow_inf_nan=False)])
_RETRIES = TypeAdapter(Annotated[int, Field(ge=0)])
_VARIANTS = TypeAdapter(Annotated[int, Field(ge=1, le=MAX_VARIANTS)])


@dataclass(frozen=True)
class Configuration:
    """A client's settings.

    Attributes:
        endpoints: In order of preference; those after the first are its fallbacks.
        timeout: Seconds for one response, beyond what the server was asked to hold it.
        retries: When to ask again.
        operation: What :meth:`Client.read` does by default.
        request: Fields that every request has by default.
    """

    endpoints: tuple[Endpoint, ...]
    timeout: float = TIMEOUT_SECONDS
    retries: Retries = field(default_factory=Retries)
    operation: Operation = "extract_text"
    request: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Variables:
    """A profile's variables in an environment.

    Attributes:
        environment: Names to values.
        profile: Whose; ``ROLM_X`` that is not set is ``OLM_X``.
    """

    environment: Mapping[str, str]
    profile: Profile = "OLM"

    def configuration(
        self, api_key: str | None = None, timeout: float | None = None, retries: Retries | None = None
    ) -> Configuration:
        """The configuration the variables make; what is given as an argument is not looked up.

        Raises:
            InvalidRequest: A variable is wrong or missing; ``field`` names it.
        """
        attempts = self._value("MAX_RETRIES", _RETRIES, "give a number of retries, like 3, or 0 for none")
        if timeout is None:
            timeout = self._value("TIMEOUT", _SECONDS, "give seconds, like 60")
        return Configuration(
            endpoints=self._endpoints(api_key),
            timeout=TIMEOUT_SECONDS if timeout is None else timeout,
            retries=retries or (Retries() if attempts is None else Retries(attempts=attempts + 1)),
            operation=PROFILE_OPERATIONS[self.profile],
            request=self._request(),
        )

    def _endpoints(self, api_key: str | None) -> tuple[Endpoint, ...]:
        name, text = self._find("API_ENDPOINT")
        addresses = _listed(text or "")
        if not addresses:
            raise InvalidRequest(
                f"no server is named; give the client its address, or set {name}, like http://127.0.0.1:8000",
                field=name,
            )
        key_name, key_text = self._find("API_KEY", of=name)
        keys: list[str | None] = [api_key] if api_key else [*_listed(key_text or "")]
        if len(keys) > 1 and len(keys) != len(addresses):
            raise InvalidRequest(
                f"{key_name} has {len(keys)} keys and {name} has {len(addresses)} addresses; give one key for all, or "
                "one for each, in their order",
                field=key_name,
            )
        by_place = keys * len(addresses) if len(keys) == 1 else keys or [None] * len(addresses)
        return tuple(Endpoint.of(address, key) for address, key in zip(addresses, by_place, strict=True))

    def _request(self) -> dict[str, Any]:
        found: dict[str, Any] = {"model_name": self._value("MODEL_NAME", _TEXT)}
        if self.profile == "ROLM":
            found["use_preprocessing"] = self._value("USE_PREPROCESSING", _SWITCH, "give true or false")
            found["ensemble_size"] = self._value(
                "ENSEMBLE_SIZE", _VARIANTS, f"give a number of variants from 1 to {MAX_VARIANTS}"
            )
        return {name: value for name, value in found.items() if value is not None}

    def _value(self, name: str, kind: TypeAdapter[T], remedy: str = "") -> T | None:
        found, text = self._find(name)
        try:
            return None if text is None else kind.validate_strings(text)
        except ValueError:
            raise InvalidRequest(f"{found} is {str(text)[:60]!r}; {remedy}", field=found) from None

    def _find(self, name: str, of: str = "") -> tuple[str, str | None]:
        """A variable by its name and value, empty as unset.

        Args:
            name: Without the profile.
            of: The variable that it belongs to: a key goes to no address of another profile than its own.
        """
        prefixes = ("ROLM", "OLM") if self.profile == "ROLM" else ("OLM",)
        if of:
            prefixes = (of.partition("_")[0],)
        for prefix in prefixes:
            if value := self.environment.get(f"{prefix}_{name}", "").strip():
                return f"{prefix}_{name}", value
        return f"{prefixes[0]}_{name}", None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


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
        ServerUnreachable: An endpoint is not a URL.
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
