"""Keys before the real API: owners in the ledger, limits over processes, silence in the logs, and when it refuses."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import httpx
import pytest

from ocrq.client import Client
from ocrq.keys import digest_of
from tasks.celery_app import make_celery
from tasks.settings import Settings
from tests.documents import as_png, text_page
from tests.live.access.serving import PLAIN, SECRETS, Api, alive, entries
from tests.live.faults.engines.fake.engine import KILL_CHILD
from tests.live.processes import Part, Parts, free_port, until

pytestmark = pytest.mark.live
Serve = Callable[..., subprocess.CompletedProcess[str]]
MINE = "very-secret-value-of-mine"
IN_TIME = 15.0  # seconds within which a caller hears that Redis does not answer: far less than clients wait


def page(width: int = 60) -> bytes:
    """A page whose width tells the faulty engine what to do."""
    return as_png(text_page(["x"], size=(width, 40)))


def submit(client: httpx.Client, document: bytes | None = None, **headers: str) -> httpx.Response:
    return client.post("/jobs", content=document or page(), headers={"Content-Type": "image/png", **headers})


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


def test_a_job_in_the_ledger_is_its_keys_alone(api: Api):
    with api.by("ann") as ann, api.by("bob") as bob, api.by("ops") as ops, api.by(None) as nobody:
        location = submit(ann).headers["Location"]
        for method, path in (("GET", ""), ("GET", "?wait=2"), ("GET", "/events"), ("DELETE", ""), ("POST", "/retry")):
            assert code_of(bob.request(method, location + path)) == "job_not_found", (method, path)
            assert code_of(nobody.request(method, location + path)) == "unauthorized", (method, path)
        assert ann.get(f"{location}?wait=20").json()["status"] == "succeeded"
        assert "succeeded" in ann.get(f"{location}/events").text
        assert ops.get(location).json()["status"] == "succeeded"


def test_a_batch_in_the_ledger_is_its_keys_alone_and_anothers_cancel_stops_nothing(api: Api):
    image = base64.b64encode(page()).decode()
    with api.by("ann") as ann, api.by("bob") as bob:
        for requests in ([{"image": image, "cache": False}] * 2, [{"image": "%"}]):
            batch = ann.post("/jobs", json={"endpoint": "/extract_text", "requests": requests}).json()
            for job_id in (batch["id"], batch["jobs"][0]["id"]):
                for method, path in (("DELETE", ""), ("GET", ""), ("GET", "?wait=1"), ("GET", "/events")):
                    assert code_of(bob.request(method, f"/jobs/{job_id}{path}")) == "job_not_found"
            ended = ann.get(f"/jobs/{batch['id']}?wait=20").json()
            assert {job["status"] for job in ended["jobs"]} == {"succeeded" if len(requests) == 2 else "failed"}


def test_one_owners_cached_result_answers_no_other(api: Api):
    document = page(61)
    with api.by("ann") as ann, api.by("bob") as bob:
        cached = [
            client.post("/extract_text", content=document, headers={"Content-Type": "image/png"}).json()["metadata"][
                "cached"
            ]
            for client in (ann, ann, bob)
        ]
    assert cached == [False, True, False]


def test_one_owners_idempotency_key_finds_no_other_ones_job(api: Api):
    with api.by("ann") as ann, api.by("bob") as bob:
        first, again, other = (submit(who, **{"Idempotency-Key": "k"}).json()["id"] for who in (ann, ann, bob))
    assert first == again != other


def test_dead_jobs_are_listed_for_their_owner_and_for_admins_and_tried_again(api: Api):
    with Client(api.url, SECRETS["ann"]) as ann, Client(api.url, SECRETS["bob"]) as bob:
        poison = ann.submit(page(KILL_CHILD)).id
        failed = ann.wait(poison, timeout=60)
        assert failed.status == "failed" and failed.error.code == "worker_lost"
        assert [job.id for job in ann.dead()] == [poison]
        assert bob.dead() == []
        with Client(api.url, SECRETS["ops"]) as ops:
            assert poison in [job.id for job in ops.dead()]
            with api.by("bob") as other:
                assert code_of(other.post(f"/jobs/{poison}/retry")) == "job_not_found"
            assert ops.retry(poison).status in {"queued", "running"}
        assert ann.wait(poison, timeout=60).status == "failed"


def test_a_job_sent_by_celery_is_the_admins(api: Api, parts: Parts):
    celery = make_celery(Settings(redis_url=parts.url), socket_timeout=5)
    image = base64.b64encode(page()).decode()
    sent = celery.send_task("ocr.extract_text", kwargs={"request": {"image": image}})
    sent.get(timeout=30)
    with api.by("ops") as ops, api.by("ann") as ann:
        assert ops.get(f"/jobs/{sent.id}").json()["status"] == "succeeded"
        assert code_of(ann.get(f"/jobs/{sent.id}")) == "job_not_found"


def test_limits_are_counted_over_all_api_processes(api: Api, second_api: Api, parts: Parts):
    with api.by("few") as one, second_api.by("few") as two:
        codes = [submit(client).status_code for client in (one, two, one, two, one)]
        refused = [submit(client) for client in (one, two)]
    assert codes == [202] * 5
    assert [answer.status_code for answer in refused] == [429, 429]
    assert {code_of(answer) for answer in refused} == {"rate_limited"}
    assert all(1 <= int(answer.headers["Retry-After"]) <= 120 for answer in refused)
    with api.by("ann") as ann, parts.client() as client:
        assert submit(ann).status_code == 202
        assert list(client.scan_iter("ocrq:limits:*")), "the counts are in Redis"
        assert all(client.ttl(key) > 0 for key in client.scan_iter("ocrq:limits:*")), "and leave it by themselves"


def test_without_redis_a_limited_key_gets_503_in_time(api: Api, parts: Parts):
    assert parts.redis.process is not None
    parts.redis.process.send_signal(signal.SIGSTOP)
    try:
        with api.by("few") as few, api.by(None) as nobody:
            started = time.monotonic()
            answer = submit(few)
            assert (answer.status_code, code_of(answer)) == (503, "broker_unavailable")
            assert time.monotonic() - started < IN_TIME
            assert int(answer.headers["Retry-After"]) > 0
            assert submit(nobody).status_code == 401, "who has no key hears that without Redis"
    finally:
        parts.redis.process.send_signal(signal.SIGCONT)
    with api.by("ann") as ann:
        until(lambda: submit(ann).status_code == 202, "it is taken again", 20)


def test_no_key_and_no_header_is_in_any_log(api: Api, parts: Parts):
    strange = "strange-0123456789-abcdefgh"
    sends = [
        {"headers": {"Authorization": f"Bearer {SECRETS['ann']}"}},
        {"headers": {"X-API-Key": PLAIN}},
        {"headers": {"Authorization": f"Bearer {strange}"}},
        {"auth": (SECRETS["ann"], strange)},
        {"params": {"api_key": SECRETS["ann"], "prompt": strange}},
        {"headers": {"Referer": f"https://a.example/?key={SECRETS['ann']}", "User-Agent": strange}},
    ]
    with httpx.Client(base_url=api.url, timeout=30) as client:
        for how in sends:
            for path in ("/models", "/jobs/none", "/nothing"):
                client.get(path, **how)
            client.post("/extract_text", content=b"{", **how)
    api.part.stop()
    api_log = api.part.output()
    logs = api_log + "".join(part.output() for part in [*parts.workers, parts.control])
    api.start()
    assert '"GET /models" 401' in api_log and '"GET /models" 200' in api_log, "the access log is on"
    for secret in (*SECRETS.values(), strange):
        assert secret not in logs
        assert digest_of(secret.encode()).hex() not in logs
    assert "Bearer" not in logs and "Authorization" not in logs


def test_no_key_is_in_redis(parts: Parts):
    assert parts.redis.process is not None
    with parts.client() as client:
        for key in client.scan_iter("*"):
            held = key + (client.dump(key) or b"")
            assert not [name for name, secret in SECRETS.items() if secret.encode() in held], key


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "203.0.113.7", "ocr.example.com", ""])
@pytest.mark.parametrize("module", ["app", "ocrq"])
def test_a_server_that_would_be_open_to_others_does_not_start(serve: Serve, host: str, module: str):
    for command in [[]] if module == "app" else [["up"], ["api"]]:
        done = serve(*command, "--host", host, "--port", "0", module=module, REDIS_URL="redis://127.0.0.1:1/0")
        assert done.returncode != 0
        assert "OCRQ_API_KEYS" in done.stderr and "OCRQ_OPEN=1" in done.stderr
        assert "Traceback" not in done.stderr
        assert "Listening" not in done.stderr


def started(tmp_path, **settings: str) -> tuple[Part, int]:
    port = free_port()
    command = [sys.executable, "-m", "app", "--host", "0.0.0.0", "--port", str(port)]
    environment = {**os.environ, "REDIS_URL": "redis://127.0.0.1:1/0", "OCRQ_MODEL": "fake", **settings}
    return Part(command, environment, tmp_path / "api.log"), port


@pytest.mark.parametrize("how", ["keys", "file", "open"])
def test_it_starts_for_others_with_keys_or_knowingly_without(tmp_path, keys_file, how: str):
    settings = {
        "keys": {"OCRQ_API_KEYS": entries()},
        "file": {"OCRQ_API_KEYS_FILE": str(keys_file)},
        "open": {"OCRQ_OPEN": "1"},
    }
    part, port = started(tmp_path, **settings[how])
    url = f"http://127.0.0.1:{port}"
    try:
        part.start()
        until(lambda: alive(url), "it answers")
        status = httpx.get(f"{url}/models").status_code
        assert status == (503 if how == "open" else 401)
        with_key = httpx.get(f"{url}/models", headers={"X-API-Key": PLAIN}).status_code
        assert with_key == 503, "past the check of keys, where Redis is missing"
    finally:
        part.stop()


@pytest.mark.parametrize(
    "entry", ["web:short", "web:very-secret-value-of-mine:write", "web:very-secret-value-of-mine;rate=x"]
)
def test_a_wrong_entry_is_a_clear_end_that_shows_nothing_of_it(serve: Serve, entry: str):
    done = serve("--port", "0", OCRQ_API_KEYS=f"{PLAIN},{entry}")
    assert done.returncode != 0
    assert done.stderr.startswith("error: entry 2 of OCRQ_API_KEYS: ")
    for secret in (PLAIN, "short", MINE):
        assert secret not in done.stderr


def test_the_command_line_takes_a_key_and_lists_dead_jobs(api: Api, serve: Serve):
    listed = serve("jobs", "dead", "--json", "--server", api.url, module="ocrq", OCRQ_API_KEY=SECRETS["bob"])
    assert (listed.returncode, json.loads(listed.stdout)) == (0, [])
    listed = serve("jobs", "dead", "--server", api.url, module="ocrq")
    assert listed.returncode == 1
    assert "send an API key" in listed.stderr
