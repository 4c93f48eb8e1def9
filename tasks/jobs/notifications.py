"""Notifications: whoever waits for a job is woken when it changes; waiting costs neither polls nor connections."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import redis

from ocrq.errors import TooManyWaiting
from tasks.jobs.ledger import EVENTS_CHANNEL

RECONNECT_SECONDS = 0.5
LISTEN_SECONDS = 1.0  # how long one read of the channel blocks
RETRY_AFTER = 2  # seconds after which a caller may ask again when all places are taken

log = logging.getLogger(__name__)


class JobNotifications:
    """The :class:`tasks.jobs.store.Notifications` of a process whose jobs change in it.

    Args:
        places: Callers that may wait at a time.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._lock = threading.Lock()
        self._waiting: dict[str, list[threading.Event]] = {}
        self._count = 0

    @contextmanager
    def subscribed(self, job_ids: list[str], *, ends_only: bool = False) -> Iterator[threading.Event]:
        """See :class:`tasks.jobs.store.Notifications`."""
        event = threading.Event()
        with self._lock:
            if self._count >= self._places:
                raise TooManyWaiting(
                    "as many callers wait for results as this server holds; ask again shortly, or poll /jobs/{id}",
                    retry_after=RETRY_AFTER,
                )
            self._count += 1
            for job_id in job_ids:
                self._waiting.setdefault(_topic(job_id, ends_only), []).append(event)
            self._listening()
        try:
            yield event
        finally:
            with self._lock:
                self._count -= 1
                for job_id in job_ids:
                    topic = _topic(job_id, ends_only)
                    self._waiting[topic].remove(event)
                    if not self._waiting[topic]:
                        del self._waiting[topic]

    def notify(self, job_id: str, name: str) -> None:
        """Wake those who wait for an event of a job."""
        topics = [_topic(job_id, False)] + ([_topic(job_id, True)] if name == "status" else [])
        with self._lock:
            for topic in topics:
                for event in self._waiting.get(topic, ()):
                    event.set()

    def _listening(self) -> None:
        """Called, under the lock, whenever somebody begins to wait."""


class RedisNotifications(JobNotifications):
    """The notifications of jobs that change anywhere: one thread a process listens on Redis's channel.

    Args:
        make_client: Makes a connection for the listener alone.
        places: Callers that may wait at a time.
    """

    def __init__(self, make_client: Callable[[], redis.Redis], places: int) -> None:
        super().__init__(places)
        self._make_client = make_client
        self._thread: threading.Thread | None = None

    def _listening(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._listen, name="notifications", daemon=True)
            self._thread.start()

    def _listen(self) -> None:
        heard = True
        while True:
            try:
                with self._make_client() as client, client.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(EVENTS_CHANNEL)
                    heard = True
                    self._wake_all()  # what was published while nobody listened
                    while True:
                        message = channel.get_message(timeout=LISTEN_SECONDS)
                        if message:
                            job_id, _, name = message["data"].decode().partition(" ")
                            self.notify(job_id, name)
            except (redis.RedisError, OSError) as error:
                if heard:  # once per interruption
                    log.warning("notifications are interrupted, reconnecting: %s", error)
                heard = False
                time.sleep(RECONNECT_SECONDS)

    def _wake_all(self) -> None:
        with self._lock:
            for events in self._waiting.values():
                for event in events:
                    event.set()


def _topic(job_id: str, ends_only: bool) -> str:
    return f"{job_id} status" if ends_only else job_id
