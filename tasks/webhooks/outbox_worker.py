"""The outbox worker: a thread of the control worker that sends the deliveries that are due, to many hosts at a time.

One control worker sends at a time; the others stand by. A slow receiver takes at most two of the concurrent sends, so
deliveries to others go on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import redis

from tasks.leader_lock import LeaderLock
from tasks.outbound.hosts import AllowList
from tasks.settings import Settings
from tasks.webhooks.outbox import Delivery, Outbox, Schedule
from tasks.webhooks.sender import Sender

CONCURRENCY = 16  # concurrent sends
POLL_SECONDS = 0.5  # between two polls of the outbox: one short script each
STOP_SECONDS = 3.0  # for running sends to finish when stopping; the rest is sent again by the next leader
_LEADER_KEY = "ocrq:outbox_worker"

log = logging.getLogger(__name__)


def outbox_worker(client: redis.Redis, settings: Settings, name: str) -> OutboxWorker | None:
    """The worker of this process's settings; None where webhooks are not configured."""
    if settings.webhook_secret is None or not settings.webhook_hosts:
        return None
    schedule = Schedule(settings.webhook_tries, settings.webhook_retry_seconds)
    sender = Sender(settings.webhook_secret, AllowList.parse(settings.webhook_hosts), settings.webhook_private)
    return OutboxWorker(client, Outbox(client, settings.job_ttl, schedule), sender, name)


class OutboxWorker(threading.Thread):
    """See the module."""

    def __init__(self, client: redis.Redis, outbox: Outbox, sender: Sender, name: str) -> None:
        super().__init__(name="outbox-worker", daemon=True)
        self._leader = LeaderLock(client, _LEADER_KEY, name)
        self._outbox = outbox
        self._sender = sender
        self._ending = threading.Event()
        self._sending: dict[asyncio.Task[None], Delivery] = {}

    def run(self) -> None:
        """The thread: send while leading, also through outages of Redis and of receivers."""
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs whole URLs, which may hold secrets
        asyncio.run(self._serve())

    def stop(self) -> None:
        """End the thread, and let another control worker lead."""
        self._ending.set()
        self.join(timeout=POLL_SECONDS + 2 * STOP_SECONDS)

    async def _serve(self) -> None:
        # A DNS lookup that hangs takes a thread; the outbox needs one beside them.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(CONCURRENCY + 2, "outbox-worker"))
        while not self._ending.is_set():
            try:
                await self._send_due()
            except Exception as error:  # Redis comes back, and what is due stays due
                log.warning("the outbox could not be read, retrying: %s", error)
            await self._until_next()
        await self._shut_down()

    async def _send_due(self) -> None:
        free = CONCURRENCY - len(self._sending)
        if not free or not await asyncio.to_thread(self._leader.hold):
            return
        sending = Counter(delivery.host for delivery in self._sending.values())
        for delivery in await asyncio.to_thread(self._outbox.take, free, sending):
            task = asyncio.create_task(self._deliver(delivery))
            self._sending[task] = delivery
            task.add_done_callback(self._sending.pop)

    async def _until_next(self) -> None:
        """Wait until a send has ended, or a delivery may have come due."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(POLL_SECONDS)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            why = await self._sender.send(delivery)
            if why is None:
                await asyncio.to_thread(self._outbox.sent, delivery)
                log.info("job %s: webhook sent to %s", delivery.job_id, delivery.host)
            elif await asyncio.to_thread(self._outbox.failed, delivery, why):
                log.info("job %s: webhook to %s failed and is retried later: %s", delivery.job_id, delivery.host, why)
            else:
                log.warning(
                    "job %s: delivery %s to %s was given up: %s", delivery.job_id, delivery.id, delivery.host, why
                )
        except Exception as error:  # it comes due again when its lease ends
            log.warning("delivery %s is retried: %s", delivery.id, error)

    async def _shut_down(self) -> None:
        if self._sending:
            _, late = await asyncio.wait(self._sending, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        try:
            await asyncio.to_thread(self._leader.give_up)
        except redis.RedisError:
            log.debug("the lead was not given up; it ends by itself")
