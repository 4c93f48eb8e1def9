"""The HTTP API over real sockets: what a client sees of refusals, and of a server that stops."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest
from PIL import Image

from tests.documents import as_png
from tests.served import served

pytestmark = pytest.mark.live

PNG = as_png(Image.new("RGB", (60, 40), "white"))
FIFTY_MB = 60_000_000  # over the limit of 40 MiB of document in base64, as JSON or as it is
SECONDS = 30.0


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served() as url:
        yield urlsplit(url).netloc


@pytest.fixture
def connection(address: str) -> Iterator[http.client.HTTPConnection]:
    made = http.client.HTTPConnection(address, timeout=SECONDS)
    yield made
    made.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "scan.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + os.urandom(1_000_000) * (FIFTY_MB // 1_000_000))
    return path


def healthy(connection: http.client.HTTPConnection) -> bool:
    connection.request("GET", "//health/")
    return json.loads(connection.getresponse().read())["status"] == "healthy"


@pytest.mark.parametrize(
    ("path", "kind", "status"),
    [
        ("/extract_text", "application/json", 413),
        ("/jobs", "image/png", 413),
        ("/extract_text", "text/plain", 415),
        ("/nothing", "image/png", 404),
        ("/health", "image/png", 405),
    ],
)
def test_a_refusal_reaches_a_client_that_sends_its_whole_body_first(connection, large, path, kind, status):
    connection.request("POST", path, large.read_bytes(), {"Content-Type": kind})
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["status"]) == (status, status)
    assert healthy(connection), "the connection goes on"


def test_a_refusal_reaches_a_client_that_sends_no_length(connection, large):
    data = large.read_bytes()
    pieces = (data[at : at + 100_000] for at in range(0, len(data), 100_000))
    connection.request("POST", "/extract_text", pieces, {"Content-Type": "image/png"}, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (413, "too_large")
    assert healthy(connection)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-H", "Content-Type: image/png", "--data-binary", "@{file}"],
        ["-H", "Content-Type: image/png", "-H", "Expect:", "--data-binary", "@{file}"],
        ["-F", "file=@{file}"],
        ["-H", "Content-Type: image/png", "-H", "Transfer-Encoding: chunked", "--data-binary", "@{file}"],
    ],
    ids=["expecting", "not expecting", "form", "chunked"],
)
def test_curl_shows_the_problem(address, large, missing: Callable[[str], NoReturn], arguments):
    if not shutil.which("curl"):
        missing("curl is not installed; on Debian: apt-get install curl")
    filled = [argument.format(file=large) for argument in arguments]
    command = ["curl", "-sS", "-X", "POST", *filled, f"http://{address}/extract_text"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["code"] == "too_large"


def test_a_document_near_the_limit_is_taken_in_base64(connection):
    document = PNG + bytes(32 * 1024 * 1024 - len(PNG))
    body = json.dumps({"image": base64.b64encode(document).decode()})
    connection.request("POST", "//extract_text/", body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status == 200
    assert json.loads(answer.read())["pages"]


def test_a_client_that_leaves_in_the_middle_submits_nothing(address, connection):
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=SECONDS) as left:
        head = f"POST /jobs HTTP/1.1\r\nHost: {host}\r\nContent-Type: image/png\r\nContent-Length: 9999\r\n\r\n"
        left.sendall(head.encode() + PNG)
        left.shutdown(socket.SHUT_WR)
        assert b" 400 " in left.recv(100)
    assert healthy(connection)


def test_events_arrive_while_the_job_runs():
    with served("--page-seconds", "0.8") as url:
        made = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
        made.request("POST", "/jobs", PNG, {"Content-Type": "image/png"})
        location = f"/jobs/{json.loads(made.getresponse().read())['id']}"
        started = time.monotonic()
        made.request("GET", f"{location}/events")
        stream = made.getresponse()
        assert stream.readline().startswith(b"retry:")
        assert time.monotonic() - started < 0.7, "the first line waited for the job"
        assert b"succeeded" in stream.read()
        made.close()


def test_a_waiting_caller_gets_its_answer_before_the_server_stops():
    answers: list[int] = []
    with served("--page-seconds", "0.8") as url:

        def ask() -> None:
            made = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
            made.request("POST", "/extract_text", PNG, {"Content-Type": "image/png"})
            answers.append(made.getresponse().status)
            made.close()

        caller = threading.Thread(target=ask)
        caller.start()
        probe = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SECONDS)
        deadline = time.monotonic() + SECONDS
        while True:
            probe.request("GET", "/health")
            if json.loads(probe.getresponse().read())["busy"]:
                break
            assert time.monotonic() < deadline
        probe.close()
    caller.join()
    assert answers == [200]


def test_the_entry_point_prints_the_openapi_document_and_its_options():
    done = subprocess.run([sys.executable, "-m", "app", "--openapi"], capture_output=True, text=True, timeout=60)
    assert json.loads(done.stdout)["openapi"].startswith("3.1")
    done = subprocess.run([sys.executable, "-m", "app", "--help"], capture_output=True, text=True, timeout=60)
    assert "--host" in done.stdout and "--port" in done.stdout
