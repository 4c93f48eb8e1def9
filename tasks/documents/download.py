"""Images by URL: fetched over https, from hosts on the operator's list at public addresses, within bounds."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from ocrq.errors import InvalidImage, InvalidRequest, OcrqError, TooLarge
from tasks.documents.ingest import Fetch
from tasks.outbound.addresses import AddressRefused, Resolve, addresses_of, answer_of, resolve
from tasks.outbound.hosts import AllowList, Target
from tasks.settings import Settings

CONNECT_SECONDS = 5.0


def fetcher(settings: Settings) -> Fetch | None:
    """What fetches images by URL here; None where the operator allows no host."""
    if not settings.image_hosts:
        return None
    hosts = AllowList.parse(settings.image_hosts)
    downloader = Downloader(hosts, settings.max_body_bytes, settings.image_seconds)
    return lambda url: asyncio.run(downloader.fetch(url))


def within(fetch: Fetch | None, seconds: float) -> Fetch | None:
    """The same for all images of one request: none is begun after so many seconds."""
    if fetch is None:
        return None
    ends = time.monotonic() + seconds

    def fetch_in_time(url: str) -> bytes:
        if time.monotonic() > ends:
            raise InvalidImage(
                f"the images of this request took more than {seconds:g} s to be fetched; send fewer URLs at a time",
                field="image",
            )
        return fetch(url)

    return fetch_in_time


@dataclass(frozen=True)
class Downloader:
    """Fetches images.

    The name is resolved once, its addresses are checked, and the connection goes to one of them; redirects are not
    followed, since their targets are unchecked.

    Attributes:
        hosts: Allowed hosts; an entry that is an IP address is trusted.
        max_bytes: Size limit of a document.
        seconds: Time limit of a download.
        resolve: Finds a host's addresses.
        trust: The authorities that certificates are checked against.
    """

    hosts: AllowList
    max_bytes: int
    seconds: float
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=httpx.create_ssl_context, repr=False)

    async def fetch(self, url: str) -> bytes:
        """The document at a URL.

        Raises:
            InvalidImage: The host is not allowed, or does not return the document.
            TooLarge: It is over ``max_bytes``.
        """
        target = self._target(url.strip())
        try:
            async with asyncio.timeout(self.seconds):
                addresses = await addresses_of(target, private=False, resolve=self.resolve)
                return await self._download(target, addresses)
        except TimeoutError:
            raise _failed(target, f"did not return it within {self.seconds:g} s") from None
        except AddressRefused as error:
            raise InvalidImage(f"image is not fetched: {error}; send the document in base64", field="image") from None
        except (httpx.HTTPError, OSError) as error:
            raise _failed(target, f"cannot be reached ({type(error).__name__})") from None

    def _target(self, url: str) -> Target:
        if not self.hosts.rules:
            raise InvalidImage(
                "image is a URL, and no host is allowed here; send the document in base64, or have the operator list "
                "the host in OCRQ_IMAGE_HOSTS",
                field="image",
            )
        try:
            target = self.hosts.target(url)
        except InvalidRequest:
            raise InvalidImage(
                "image is a URL that is not allowed here; use https and a host that the operator lists in "
                "OCRQ_IMAGE_HOSTS, or send the document in base64",
                field="image",
            ) from None
        return target

    async def _download(self, target: Target, addresses: Sequence[str]) -> bytes:
        headers = {"Accept-Encoding": "identity"}  # a compressed body could expand without bound
        timeout = httpx.Timeout(self.seconds, connect=CONNECT_SECONDS)
        async with answer_of(target, addresses, "GET", headers, timeout, self.trust) as response:
            if response.status_code != httpx.codes.OK:
                raise _failed(target, f"answered {response.status_code}")
            return await self._body(response)

    async def _body(self, response: httpx.Response) -> bytes:
        length = response.headers.get("Content-Length", "")
        body = bytearray()
        if length.isdecimal() and int(length) > self.max_bytes:
            raise self._too_large()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self.max_bytes:
                raise self._too_large()
        return bytes(body)

    def _too_large(self) -> OcrqError:
        return TooLarge(
            f"the document at the image's URL has more than {self.max_bytes:,} bytes, which is the limit; send "
            "fewer pages at a time, or at a lower resolution",
            field="image",
        )


def _failed(target: Target, why: str) -> InvalidImage:
    return InvalidImage(
        f"image cannot be fetched: {target.host} {why}; check the URL and for how long it is valid", field="image"
    )
