"""Sending one notice: signed, to an address that was checked, within ten seconds, and nowhere else."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx
from pydantic import SecretStr

from ocrq.errors import InvalidRequest
from ocrq.webhooks import DELIVERY_HEADER, SIGNATURE_HEADER, sign
from tasks.outbound.addresses import AddressRefused, Resolve, addresses_of, answer_of, resolve
from tasks.outbound.hosts import AllowList, Target
from tasks.webhooks.outbox import Delivery

TOTAL_SECONDS = 10.0  # of one try, the name's lookup included
CONNECT_SECONDS = 3.0
_WHY_CHARACTERS = 300  # an error may quote what the receiver sent


@dataclass(frozen=True)
class Sender:
    """See the module.

    Attributes:
        private: Whether webhooks may be sent to private and loopback addresses.
        resolve: Finds a host's addresses.
        trust: The authorities that receivers' certificates are checked against.
        total_seconds: What one try may take.
    """

    secret: SecretStr
    hosts: AllowList
    private: bool = False
    resolve: Resolve = resolve
    trust: ssl.SSLContext = field(default_factory=httpx.create_ssl_context, repr=False)
    total_seconds: float = TOTAL_SECONDS

    async def send(self, delivery: Delivery) -> str | None:
        """Send it once. Returns why it did not arrive, in words that hold nothing of the URL's path; None if it did."""
        try:
            async with asyncio.timeout(self.total_seconds):
                target = self.hosts.target(delivery.url)
                addresses = await addresses_of(target, private=self.private, resolve=self.resolve)
                status = await self._post(target, addresses, delivery)
        except TimeoutError:
            return f"no answer within {self.total_seconds:g} s"
        except (InvalidRequest, AddressRefused) as error:
            return f"refused: {error}"
        except (httpx.HTTPError, OSError, ValueError) as error:
            return f"{type(error).__name__}: {error}"[:_WHY_CHARACTERS]
        if 300 <= status < 400:
            return f"HTTP {status}: redirects are not followed"
        return None if 200 <= status < 300 else f"HTTP {status}"

    async def _post(self, target: Target, addresses: Sequence[str], delivery: Delivery) -> int:
        """The status of the answer; of the rest nothing is read."""
        body = delivery.body()
        secret = self.secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            DELIVERY_HEADER: delivery.id,
            SIGNATURE_HEADER: sign(secret, body, int(time.time())),
        }
        timeout = httpx.Timeout(self.total_seconds, connect=CONNECT_SECONDS)
        async with answer_of(target, addresses, "POST", headers, timeout, self.trust, body) as answer:
            return answer.status_code
