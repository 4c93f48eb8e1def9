"""A local stand-in of RunPod's platform: hands jobs to workers, takes their answers, stops jobs, hears pings."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

HOLD_SECONDS = 0.3  # how long a worker that asks for a job is held, if there is none


@dataclass
class Platform:
    """What the platform knows; the server's threads and the test share it.

    Attributes:
        slow: Seconds each answer of the platform takes, by the count of answers so far.
        refuse: Whether an answer is refused with 500, and not taken, by that count.
    """

    slow: Callable[[int], float] = lambda count: 0.0
    refuse: Callable[[int], bool] = lambda count: False
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    taken: dict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    reports: list[tuple[str, str, Any]] = field(default_factory=list)
    to_stop: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    pings: list[str | None] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    deliveries: int = 0
    largest_batch: int = 0
    done_calls: int = 0

    def __post_init__(self) -> None:
        self.changed = threading.Condition()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def environment(self, worker: str) -> dict[str, str]:
        """What the platform sets for a worker."""
        base = f"http://127.0.0.1:{self.server.server_port}"
        return {
            "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=none",
            "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=none",
            "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID",
            "RUNPOD_AI_API_KEY": "test",
            "RUNPOD_POD_ID": worker,
            "RUNPOD_PING_INTERVAL": "1000",
        }

    def submit(self, job_id: str, **job_input: Any) -> None:
        with self.changed:
            self.waiting.append({"id": job_id, "input": job_input})
            self.changed.notify_all()

    def lost(self, worker: str) -> int:
        """The worker is dead: the jobs it had go back to the head of the queue. Returns how many those were."""
        with self.changed:
            self.gone.add(worker)
            jobs = list(self.taken.pop(worker, {}).values())
            self.waiting.extendleft(reversed(jobs))
            self.changed.notify_all()
            return len(jobs)

    def stop(self, job_id: str) -> None:
        """As /cancel does."""
        with self.changed:
            self.to_stop.append(job_id)
            self.changed.notify_all()

    def answer(self, job_id: str, seconds: float = 60) -> dict[str, Any]:
        """The job's one answer."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.answers[job_id], seconds), f"{job_id} is not answered"
            return self.answers[job_id][0]

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, seconds), f"still not: {what}"

    def take(self, worker: str, count: int) -> list[dict[str, Any]]:
        with self.changed:
            self.changed.wait_for(lambda: self.waiting, HOLD_SECONDS)
            if worker in self.gone:
                return []
            jobs = [self.waiting.popleft() for _ in range(min(count, len(self.waiting)))]
            for job in jobs:
                self.taken[worker][job["id"]] = job
                self.deliveries += 1
            self.largest_batch = max(self.largest_batch, len(jobs))
            self.changed.notify_all()
            return jobs

    def give_back(self, worker: str, jobs: list[dict[str, Any]]) -> None:
        """They did not arrive: the worker hung up."""
        with self.changed:
            for job in jobs:
                if self.taken[worker].pop(job["id"], None):
                    self.waiting.appendleft(job)
            self.changed.notify_all()

    def done(self, worker: str, job_id: str, body: dict[str, Any]) -> bool:
        with self.changed:
            self.done_calls += 1
            count = self.done_calls
        if self.refuse(count):
            return False
        with self.changed:  # what has arrived is taken, however long the worker waits for the reply
            if worker in self.gone:  # its last words came after its jobs were handed on
                return False
            if body.get("status") == "IN_PROGRESS":
                self.reports.append((job_id, "progress", body["output"]))
            else:
                self.reports.append((job_id, "answer", None))
                self.answers[job_id].append(body)
                self.taken[worker].pop(job_id, None)
            self.changed.notify_all()
        time.sleep(self.slow(count))
        return True

    def stops(self, worker: str) -> list[str]:
        with self.changed:
            mine = [job_id for job_id in self.to_stop if job_id in self.taken[worker]]
            for job_id in mine:
                self.to_stop.remove(job_id)
                self.taken[worker].pop(job_id)
                self.stopped.append(job_id)
            return mine

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                url = urlsplit(self.path)
                query = parse_qs(url.query)
                _, what, worker = url.path.split("/")[:3]
                if what == "ping":
                    with platform.changed:
                        platform.pings.append(query.get("job_id", [None])[0])
                        platform.changed.notify_all()
                    self.reply(200, {})
                elif what == "job-stop":
                    self.reply(200, {"jobsToStop": platform.stops(worker)})
                else:
                    jobs = platform.take(worker, int(query.get("batch_size", ["1"])[0]))
                    try:
                        self.reply(
                            200 if jobs else 204, jobs if what == "job-take-batch" else jobs[0] if jobs else None
                        )
                    except OSError:
                        platform.give_back(worker, jobs)

            def do_POST(self) -> None:
                _, _, worker, job_id = urlsplit(self.path).path.split("/")[:4]
                length = int(self.headers["Content-Length"])
                data = self.rfile.read(length)
                if len(data) < length:  # the worker died in the middle of its answer
                    self.close_connection = True
                    return
                taken = platform.done(worker, job_id, json.loads(data))
                self.reply(200 if taken else 500, {})

            def reply(self, status: int, body: Any) -> None:
                data = b"" if status == 204 else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:  # a worker that was killed
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        return Handler
