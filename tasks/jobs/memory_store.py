"""The job store of one process: jobs in memory, gone with the process."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ocrq.contracts import ENDED, JobStatus
from tasks.documents.memory_documents import MemoryDocuments
from tasks.jobs.memory_job import MemoryJob, count_end
from tasks.jobs.memory_queries import MemoryQueries
from tasks.jobs.owner_queues import OwnerQueues
from tasks.jobs.record import JobRecord, NewJob, pack, unpack
from tasks.jobs.store import Accepted
from tasks.settings import MEGABYTE, Settings

_NEWEST_SHARE = 0.1  # of the running mean of reading times
_HOUR = 3600.0  # seconds, in which an owner's runs are bounded


class MemoryStore(MemoryQueries):
    """The :class:`tasks.jobs.store.JobStore` of one process.

    Args:
        settings: Bounds: ``max_queued``, for all jobs that wait here; ``job_ttl``.
        documents: Of its jobs.
        notify: Called with a job's id and an event's name for each event.
        publish: Hands a job over whose leader was cancelled.
        clock: Seconds that only grow; when jobs expire.
    """

    def __init__(
        self,
        settings: Settings,
        documents: MemoryDocuments,
        notify: Callable[[str, str], None],
        publish: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(clock)
        self._settings = settings
        self._documents = documents
        self._notify = notify
        self._publish = publish
        self._lines = OwnerQueues()  # of those that wait and may be read
        self._flights: dict[str, str] = {}  # cache key: the job that is read for it
        self._accepted = 0
        self._runs: deque[tuple[float, str | None, float]] = deque()  # when each ended, whose it was, its seconds

    def create(self, jobs: Sequence[NewJob], *, bounded: bool = True) -> Accepted:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            self._expire()
            for job in jobs:
                first, fingerprint = self._keys.get(job.idempotency or "", ("", ""))
                if first and first != job.id:
                    return Accepted("known" if fingerprint == job.fingerprint else "conflict", job_id=first)
            if bounded and (refused := self._beyond_bounds(jobs)):
                return refused
            for job in jobs:
                self._accept(job)
            queued = [kept.record for kept in (self._jobs[job.id] for job in jobs) if kept.record.state == "queued"]
            to_publish = tuple(record.id for record in queued if record.follows is None)
            return Accepted("ok", to_publish=to_publish, following=tuple(r.id for r in queued if r.follows))

    def _beyond_bounds(self, jobs: Sequence[NewJob]) -> Accepted | None:
        if len(self._waiting) + sum(job.error is None for job in jobs) > self._settings.max_queued:
            return Accepted("full", depth=len(self._waiting))
        owner = jobs[0].owner  # a batch is one owner's
        kept, size = self._kept_of[owner], self._bytes_of[owner]
        if 0 < self._settings.max_kept < kept + len(jobs):
            return Accepted("kept", depth=kept)
        if 0 < self._settings.max_waiting_mb * MEGABYTE < size + sum(job.size for job in jobs):
            return Accepted("bytes", depth=size)
        spent = self._spent_by(owner)
        if 0 < self._settings.max_owner_seconds <= spent:
            return Accepted("seconds", depth=int(spent))
        return None

    def _spent_by(self, owner: str | None) -> float:
        """Seconds that an owner's runs took within an hour."""
        while self._runs and self._runs[0][0] < self._clock() - _HOUR:
            self._runs.popleft()
        return sum(seconds for _, one, seconds in self._runs if one == owner)

    def _accept(self, job: NewJob) -> None:
        request, now = json.dumps(job.request), time.time()
        record = JobRecord(job.id, "queued", "plan", job.operation, job.queue, job.blob, request, now, owner=job.owner)
        self._accepted += 1
        self._kept_of[job.owner] += 1
        kept = self._jobs[job.id] = MemoryJob(replace(record, error=job.error), job, self._accepted)
        if job.idempotency:
            self._keys[job.idempotency] = (job.id, job.fingerprint or "")
        if job.error:
            self._finish(kept, "failed")
        elif (result := self._cached(job.cache_key)) is not None:
            kept.result = result
            kept.record = replace(kept.record, cached=True, started=now)
            self._finish(kept, "succeeded")
        else:
            self._documents.pin(job.blob, job.id)
            self._bytes_of[job.owner] += job.size
            kept.counted = job.size
            if job.cache_key and self._flights.setdefault(job.cache_key, job.id) != job.id:
                leader = self._jobs[self._flights[job.cache_key]]
                leader.followers.append(job.id)
                kept.record = replace(kept.record, follows=leader.record.id)
            else:
                self._waiting.add(job.id)

    def _cached(self, cache_key: str | None) -> bytes | None:
        first, until = self._cache.get(cache_key or "", ("", 0.0))
        kept = self._jobs.get(first)
        return kept.result if kept and self._clock() < until else None

    def stored(self, *job_ids: str) -> None:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            for job_id in self._waiting.intersection(job_ids):
                self._lines.add(job_id, self._jobs[job_id].record.owner)

    def withdraw(self, job: NewJob) -> None:
        """See :class:`tasks.jobs.store.JobStore`."""
        with self._lock:
            self.cancel(job.id)
            self._keys.pop(job.idempotency or "", None)

    def claim(self, job_id: str) -> JobRecord | None:
        """Take the job that is next, as owners are served in turn; None where none waits.

        Args:
            job_id: Of a job that was handed over: of each so many are taken as were handed over.
        """
        with self._lock:
            if job_id in self._waiting:
                self._lines.add(job_id, self._jobs[job_id].record.owner)
            next_id = self._lines.take()
            if next_id is None:
                return None
            kept = self._jobs[next_id]
            self._waiting.discard(next_id)
            kept.record = replace(kept.record, state="running", started=time.time())
            self._event(kept, "status", {"status": "running"})
            return kept.record

    def runs(self, job_id: str) -> bool:
        """Whether the job still is to be read: it was not cancelled."""
        return (kept := self._jobs.get(job_id)) is not None and kept.record.state == "running"

    def progress(self, job_id: str, done: int, total: int) -> None:
        """So many pages are read."""
        with self._lock:
            kept = self._jobs[job_id]
            if self.runs(job_id) and (done, total) != (kept.record.done, kept.record.total):
                kept.record = replace(kept.record, done=done, total=total)
                self._event(kept, "progress", {"done": done, "total": total, "unit": "page"})

    def unit(self, job_id: str, reading: Mapping[str, Any]) -> None:
        """A unit of a document is read; ``reading`` is it as JSON."""
        with self._lock:
            if self.runs(job_id):
                kept = self._jobs[job_id]
                index = len(kept.readings)
                kept.readings[index] = dict(reading)
                self._event(kept, "unit", {"index": index, "pages": [page["page"] for page in reading["pages"]]})

    def commit(self, job_id: str, result: Mapping[str, Any], cache_seconds: float) -> None:
        """End a run with its result, which answers equal requests for so long."""
        packed = pack(result)
        with self._lock:
            if not self.runs(job_id):
                return
            kept = self._jobs[job_id]
            kept.result = packed
            self._answer_equals(kept, self._clock() + cache_seconds)
            self._mean += _NEWEST_SHARE * (time.time() - (kept.record.started or time.time()) - self._mean)
            self._finish(kept, "succeeded")

    def _answer_equals(self, kept: MemoryJob, until: float) -> None:
        """Keep a result for equal requests; one made of an earlier one's pages no longer than that."""
        keys = [kept.new.cache_key, None if kept.record.cached else kept.new.reading_key]
        if kept.record.cached:
            until = min(until, self._cache.get(kept.new.reading_key or "", ("", 0.0))[1])
        self._cache.update({key: (kept.record.id, until) for key in keys if key})

    def earlier(self, job_id: str) -> dict[str, Any] | None:
        """For a job at its start: the result of a request that was equal but for the output formats."""
        kept = self._jobs[job_id]
        if packed := self._cached(kept.new.reading_key):
            kept.record = replace(kept.record, cached=True)
        return dict(unpack(packed)) if packed else None

    def fail(self, job_id: str, error: Mapping[str, Any]) -> None:
        """End a run with an error."""
        with self._lock:
            if self.runs(job_id):
                kept = self._jobs[job_id]
                kept.record = replace(kept.record, error=error)
                self._finish(kept, "failed")

    def cancel(self, job_id: str) -> str | None:
        """See :class:`tasks.jobs.store.JobStore`; who reads it finds out by :meth:`runs`."""
        with self._lock:
            kept = self._jobs.get(job_id)
            if kept is None or kept.record.state in ENDED:
                return kept.record.state if kept else None
            before = kept.record.state
            leader = self._jobs.get(kept.record.follows or "")
            if leader and job_id in leader.followers:
                leader.followers.remove(job_id)
            self._finish(kept, "cancelled")
            return before

    def retry(self, job_id: str) -> bool:
        """See :class:`tasks.jobs.store.JobStore`; an ended job's document is not kept here, so none is."""
        return False

    def _finish(self, kept: MemoryJob, state: JobStatus) -> None:
        """Give a job its one end."""
        job_id, blob = kept.record.id, kept.record.blob
        kept.record = replace(kept.record, state=state, finished=time.time())
        if self._settings.max_owner_seconds and kept.record.started and not kept.record.cached:
            self._runs.append((self._clock(), kept.record.owner, time.time() - kept.record.started))
        kept.readings.clear()
        self._waiting.discard(job_id)
        self._lines.remove(job_id, kept.record.owner)
        self._documents.unpin(blob, job_id)
        self._bytes_of[kept.record.owner] -= kept.counted
        self._leaving.append((self._clock() + self._settings.job_ttl, job_id))
        count_end(kept.record)
        self._event(kept, "status", {"status": state})
        self._answer_followers(kept, state)

    def _answer_followers(self, kept: MemoryJob, state: JobStatus) -> None:
        """Equal requests get what this one got; where it was cancelled, the first of them is read in its place."""
        flight = kept.new.cache_key
        if flight and self._flights.get(flight) == kept.record.id:
            del self._flights[flight]
        followers, kept.followers = [self._jobs[follower] for follower in kept.followers], []
        if state == "cancelled" and followers and flight:
            leader, *others = followers
            leader.record = replace(leader.record, follows=None)
            leader.followers = [other.record.id for other in others]
            self._flights[flight] = leader.record.id
            for other in others:
                other.record = replace(other.record, follows=leader.record.id)
            self._waiting.add(leader.record.id)
            self._publish(leader.record.id)
            return
        for follower in followers:
            follower.result = kept.result
            follower.record = replace(follower.record, cached=True, started=time.time(), error=kept.record.error)
            self._finish(follower, state)

    def _event(self, kept: MemoryJob, name: str, data: Mapping[str, Any]) -> None:
        kept.rows.append((str(len(kept.rows) + 1), name, json.dumps(data)))
        self._notify(kept.record.id, name)
