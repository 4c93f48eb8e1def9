"""Client of an OpenAI-compatible server: one page per request, with limits, retries and cancellation."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import httpx
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from ocrq.errors import ModelUnavailable, OcrqError, ReadFailed
from ocrq.retry_after import asked_seconds
from tasks.settings import Settings
from worker.engines.openai.circuit_breaker import Breaker
from worker.engines.openai.stream import BadAnswer, Stream, follow
from worker.engines.presets import Repetition

CONNECT_SECONDS = 5.0  # of a server in the same network
WRITE_SECONDS = 30.0  # a page is some megabytes
TRIES = 4
FIRST_WAIT_SECONDS = 0.25  # at most, before the second try; then up to twice as long each time
LONGEST_WAIT_SECONDS = 8.0
LONGEST_RETRY_AFTER = 60.0  # a server that asks for more counts as unavailable
_BUSY = frozenset({408, 425, 429})
_LOGGED = 300  # characters of a server's reply that are logged

log = logging.getLogger(__name__)


class _Failed(Exception):
    """A try failed and may be repeated; ``after`` is the server's Retry-After, in seconds."""

    def __init__(self, why: str, after: float | None = None) -> None:
        super().__init__(why)
        self.after = after


@dataclass(frozen=True)
class Limits:
    """Limits of requests.

    Attributes:
        concurrency: Pages requested at a time.
        silence: Seconds without a byte from the server.
        total: Seconds for a page, all tries together.
    """

    concurrency: int
    silence: float
    total: float


class Server:
    """See the module. Created and used in one event loop.

    Args:
        settings: The URL, the key and the limits.
    """

    def __init__(self, settings: Settings) -> None:
        self._limits = Limits(settings.openai_concurrency, settings.openai_silence_seconds, settings.openai_seconds)
        timeout = httpx.Timeout(
            connect=CONNECT_SECONDS, read=self._limits.silence, write=WRITE_SECONDS, pool=self._limits.total
        )
        key = settings.openai_key.get_secret_value() if settings.openai_key else None
        self._client = httpx.AsyncClient(
            base_url=(settings.openai_url or "").rstrip("/") + "/",
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=timeout,
            limits=httpx.Limits(max_connections=self._limits.concurrency),
        )
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._breaker = Breaker()
        self._gives_probabilities = True

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def ask(self, payload: dict[str, Any], rule: Repetition) -> Stream:
        """Request the reading of a page.

        Args:
            payload: Of a chat completion, without what streaming needs.
            rule: When an answer counts as a loop and is stopped.

        Raises:
            ModelUnavailable: The server does not answer, after all retries.
            ReadFailed: The server refuses the page.
        """
        try:
            async with self._slots, asyncio.timeout(self._limits.total):
                async for attempt in AsyncRetrying(
                    retry=retry_if_exception_type(_Failed),
                    stop=stop_after_attempt(TRIES),
                    wait=_wait,
                    reraise=True,
                ):
                    with attempt:
                        return await self._try(payload, rule)
        except (_Failed, TimeoutError) as error:
            log.warning("the server of %s did not answer: %s", payload["model"], error or "it took too long")
        raise _unavailable(payload)

    async def _try(self, payload: dict[str, Any], rule: Repetition) -> Stream:
        shut = self._breaker.seconds_left()
        if shut:
            raise _unavailable(payload, retry_after=shut)
        try:
            stream = await self._streamed(payload, rule)
        except _Failed as failure:
            if failure.after is None:
                self._breaker.failed()
            else:
                self._breaker.succeeded()  # busy, but answering
            raise
        except OcrqError:
            self._breaker.succeeded()
            raise
        except BaseException:
            self._breaker.abandoned()
            raise
        self._breaker.succeeded()
        return stream

    async def _streamed(self, payload: dict[str, Any], rule: Repetition) -> Stream:
        stream = Stream(rule)
        wanted = {**payload, "stream": True} | ({"logprobs": True} if self._gives_probabilities else {})
        try:
            async with self._client.stream("POST", "chat/completions", json=wanted) as response:
                if response.status_code != httpx.codes.OK:
                    body = (await response.aread())[: 4 * _LOGGED].decode(errors="replace")
                    self._refused(response, body[:_LOGGED], payload)
                await follow(response.aiter_lines(), stream)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Failed(f"{type(error).__name__}: {error}") from error
        except BadAnswer as error:
            raise _Failed(str(error)) from error
        return stream

    def _refused(self, response: httpx.Response, body: str, payload: dict[str, Any]) -> None:
        status = response.status_code
        if status in _BUSY:
            raise _Failed(f"{status}: {body}", after=_retry_after(response) or 0.0)
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise _Failed(f"{status}: {body}", after=_retry_after(response))
        log.error("the server of %s answered %d: %s", payload["model"], status, body)
        if status == httpx.codes.BAD_REQUEST and self._gives_probabilities and "logprob" in body.lower():
            self._gives_probabilities = False
            raise _Failed("it gives no probabilities", after=0.0)
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}:
            raise _unavailable(payload)
        raise ReadFailed(f"the server of {payload['model']} refused the page; the operator's log has its reason")


def _unavailable(payload: dict[str, Any], retry_after: float | None = None) -> ModelUnavailable:
    after = None if retry_after is None else max(1, round(retry_after))
    detail = f"the server of {payload['model']} is unavailable now; try again later"
    return ModelUnavailable(detail, field="model_name", retry_after=after)


_jitter = wait_random_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS)


def _wait(state: RetryCallState) -> float:
    """The server's Retry-After plus jitter, so that waiting clients do not retry at once."""
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.after if isinstance(failure, _Failed) and failure.after else 0.0
    return asked + float(_jitter(state))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds of Retry-After; None where it is missing or not a time."""
    seconds = asked_seconds(response.headers.get("Retry-After"))
    return None if seconds is None else min(seconds, LONGEST_RETRY_AFTER)
