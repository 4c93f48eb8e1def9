"""The deliverer: a thread of the control worker that sends what is due in the outbox, many hosts at a time.

One control worker delivers at a time; the others stand by. A slow receiver holds at most two of the places, so the
others are told meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import redis

from tasks.leader_lock import LeaderLock
from tasks.settings import Settings
from tasks.webhooks.hosts import AllowList
from tasks.webhooks.outbox import Delivery, Outbox, Schedule
from tasks.webhooks.sender import Sender

AT_ONCE = 16  # deliveries on their way
LOOK_SECONDS = 0.5  # between two looks at the outbox: one short script each
STOP_SECONDS = 3.0  # what is on its way may take when stopping; the rest is sent again by the next
_LEAD_KEY = "ocrq:deliverer"

log = logging.getLogger(__name__)


def make_deliverer(client: redis.Redis, settings: Settings, name: str) -> Deliverer | None:
    """The deliverer the settings ask for; None where webhooks are not configured."""
    if settings.webhook_secret is None or not settings.webhook_hosts:
        return None
    schedule = Schedule(settings.webhook_tries, settings.webhook_retry_seconds)
    sender = Sender(settings.webhook_secret, AllowList.parse(settings.webhook_hosts), settings.webhook_private)
    return Deliverer(client, Outbox(client, settings.job_ttl, schedule), sender, name)


class Deliverer(threading.Thread):
    """See the module."""

    def __init__(self, client: redis.Redis, outbox: Outbox, sender: Sender, name: str) -> None:
        super().__init__(name="deliverer", daemon=True)
        self._lead = LeaderLock(client, _LEAD_KEY, name)
        self._outbox = outbox
        self._sender = sender
        self._ending = threading.Event()
        self._sending: dict[asyncio.Task[None], Delivery] = {}

    def run(self) -> None:
        """The thread: deliver while leading, whatever Redis and the receivers do meanwhile."""
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells whole URLs, and theirs may hold secrets
        asyncio.run(self._serve())

    def stop(self) -> None:
        """End the thread, and let another control worker lead."""
        self._ending.set()
        self.join(timeout=LOOK_SECONDS + 2 * STOP_SECONDS)

    async def _serve(self) -> None:
        # Lookups of names that hang take a thread each, and the outbox needs one beside them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE + 2, "deliverer"))
        while not self._ending.is_set():
            try:
                await self._send_due()
            except Exception as error:  # Redis comes back, and what is due stays due
                log.warning("the outbox could not be looked at, and is again: %s", error)
            await self._until_next()
        await self._leave()

    async def _send_due(self) -> None:
        free = AT_ONCE - len(self._sending)
        if not free or not await asyncio.to_thread(self._lead.hold):
            return
        sending = Counter(delivery.host for delivery in self._sending.values())
        for delivery in await asyncio.to_thread(self._outbox.take, free, sending):
            task = asyncio.create_task(self._deliver(delivery))
            self._sending[task] = delivery
            task.add_done_callback(self._sending.pop)

    async def _until_next(self) -> None:
        """Look again when a place is free, or something may have come due."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK_SECONDS)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            why = await self._sender.send(delivery)
            if why is None:
                await asyncio.to_thread(self._outbox.sent, delivery)
                log.info("job %s: told %s", delivery.job_id, delivery.host)
            elif await asyncio.to_thread(self._outbox.failed, delivery, why):
                log.info("job %s: %s is told later: %s", delivery.job_id, delivery.host, why)
            else:
                log.warning("job %s: %s is not told, delivery %s: %s", delivery.job_id, delivery.host, delivery.id, why)
        except Exception as error:  # it comes due again when its lease ends
            log.warning("delivery %s is tried again: %s", delivery.id, error)

    async def _leave(self) -> None:
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        try:
            await asyncio.to_thread(self._lead.give_up)
        except redis.RedisError:
            log.debug("the lead was not given up; it ends by itself")
