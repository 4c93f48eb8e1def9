"""A decoder that dies, hangs or swells costs a page at most; the next is read, and no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ocrq.errors import InternalError, TooLarge, UnreadableDocument
from tests.documents import as_png, as_tiff, pixel_bomb_png, text_page
from worker.imaging.decode import Limits
from worker.imaging.decoder import Decoder
from worker.imaging.decoder_client import DecoderClient
from worker.imaging.limits import MILLION

ROOT = Path(__file__).parents[3]
LIMITS = Limits()
MEGABYTE = 2**20
SECONDS = 1.0
PAGES = as_tiff([text_page([f"page {n}"], size=(200 + n, 90)) for n in range(1, 4)])


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder(SECONDS, 1024 * MEGABYTE)
    yield decoder
    decoder.stop()


def pid_of(decoder: Decoder) -> int:
    assert decoder.pid is not None
    return decoder.pid


def gone(pid: int, seconds: float = 5.0) -> bool:
    ends = time.monotonic() + seconds
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def ends_in_a_call(pid: int, signum: signal.Signals) -> None:
    """Freeze the process now, so that the next call waits for it, and end it then."""
    os.kill(pid, signal.SIGSTOP)

    def end() -> None:
        os.kill(pid, signum)
        os.kill(pid, signal.SIGCONT)

    threading.Timer(0.3, end).start()


def test_a_decoder_that_died_between_two_pages_is_not_missed(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        assert document.read_page(1).width == 201
        first = pid_of(decoder)
        os.kill(first, signal.SIGKILL)
        assert gone(first)
        assert document.read_page(2).width == 202
        assert decoder.pid != first


def test_a_decoder_killed_from_outside_in_the_middle_of_a_page_costs_nothing(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        first = pid_of(decoder)
        ends_in_a_call(first, signal.SIGKILL)
        assert document.read_page(2).width == 202
        assert decoder.pid != first


def test_a_document_whose_decoders_are_killed_each_time_is_reported(decoder: Decoder) -> None:
    killed = []

    def ask(client: DecoderClient) -> None:
        killed.append(client.pid)
        os.kill(client.pid, signal.SIGKILL)
        client.open(1, PAGES, {})

    with pytest.raises(UnreadableDocument, match="page 7 cannot be decoded; save it again") as raised:
        decoder.call("page 7", ask)
    assert raised.value.field == "image"
    assert len(set(killed)) == 2 and all(gone(pid) for pid in killed)
    with decoder.open_document(PAGES, LIMITS) as document:
        assert document.read_page(3).width == 203


def test_a_page_that_crashes_its_decoder_fails_and_the_next_is_read_by_another(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        first = pid_of(decoder)
        ends_in_a_call(first, signal.SIGSEGV)
        with pytest.raises(UnreadableDocument, match="page 1 cannot be decoded"):
            document.read_page(1)
        assert gone(first)
        assert document.read_page(2).width == 202


def test_a_page_that_takes_too_long_fails_and_its_decoder_is_killed(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        stuck = pid_of(decoder)
        os.kill(stuck, signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(UnreadableDocument, match="page 1 takes longer than 1 s") as raised:
            document.read_page(1)
        assert raised.value.field == "image"
        assert time.monotonic() - began < SECONDS + 2
        assert gone(stuck)
        assert document.read_page(2).width == 202


def test_a_document_that_never_opens_fails_in_time(decoder: Decoder) -> None:
    decoder.start()
    os.kill(pid_of(decoder), signal.SIGSTOP)
    with pytest.raises(UnreadableDocument, match="the document takes longer"):
        decoder.open_document(as_png(text_page(["x"], size=(2000, 2000))) + bytes(8 * MEGABYTE), LIMITS)
    assert decoder.open_document(PAGES, LIMITS).page_count == 3


def test_a_decoder_that_hangs_as_the_document_is_closed_fails_nothing(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        assert document.read_page(1).width == 201
        stuck = pid_of(decoder)
        os.kill(stuck, signal.SIGSTOP)
    assert gone(stuck)


def test_a_page_beyond_the_memory_is_reported_and_the_decoder_lives_on() -> None:
    decoder = Decoder(20, 300 * MEGABYTE)
    try:
        with decoder.open_document(pixel_bomb_png(), Limits(max_pixels=200 * MILLION)) as document:
            pid = decoder.pid
            with pytest.raises(TooLarge, match="too large to be decoded; send it at a lower resolution"):
                document.read_page(1)
        with decoder.open_document(PAGES, LIMITS) as document:
            assert document.read_page(1).width == 201
        assert decoder.pid == pid
    finally:
        decoder.stop()


@pytest.mark.parametrize("program", ["/bin/false", "/no/such/python"])
def test_a_decoder_that_cannot_start_is_no_fault_of_the_document(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", program)
        with pytest.raises(InternalError, match="decoder"):
            decoder.open_document(PAGES, LIMITS)
    assert decoder.open_document(PAGES, LIMITS).page_count == 3


def test_an_answer_that_was_not_read_to_its_end_is_not_taken_for_the_next(decoder: Decoder) -> None:
    def interrupted(client: DecoderClient) -> None:
        client._channel.send({"call": "open", "handle": 99, "limits": {}, "bytes": len(PAGES)}, PAGES)
        raise KeyboardInterrupt

    with decoder.open_document(PAGES, LIMITS) as document:
        with pytest.raises(KeyboardInterrupt):
            decoder.call("page 1", interrupted)
        assert document.read_page(3).width == 203


def test_what_stops_a_worker_leaves_its_decoder_to_read_the_last_pages(decoder: Decoder) -> None:
    with decoder.open_document(PAGES, LIMITS) as document:
        pid = pid_of(decoder)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
            os.kill(pid, signum)
        assert document.read_page(1).width == 201
        assert decoder.pid == pid


def test_a_stopped_decoder_is_gone_and_starts_again_when_asked(decoder: Decoder) -> None:
    decoder.start()
    first = pid_of(decoder)
    decoder.stop()
    assert gone(first) and decoder.pid is None
    assert decoder.open_document(PAGES, LIMITS).page_count == 3


def test_the_thread_that_started_the_decoder_may_end(decoder: Decoder) -> None:
    thread = threading.Thread(target=decoder.start)
    thread.start()
    thread.join()
    pid = pid_of(decoder)
    assert not gone(pid, 0.3)
    with decoder.open_document(PAGES, LIMITS) as document:
        assert document.read_page(1).width == 201
    assert decoder.pid == pid


def test_the_process_is_confined_and_knows_no_secret(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@nowhere/0")
    decoder.start()
    process = psutil.Process(pid_of(decoder))
    assert process.rlimit(psutil.RLIMIT_AS) == (1024 * MEGABYTE,) * 2
    assert process.rlimit(psutil.RLIMIT_CORE) == (0, 0)
    assert process.rlimit(psutil.RLIMIT_NOFILE)[1] <= 64
    assert "hunter2" not in repr(process.environ())
    assert os.getsid(process.pid) == os.getsid(0)


PARENT = """
import sys, threading, time
from worker.imaging.decoder import Decoder
decoder = Decoder(5, 2**30)
start = threading.Thread(target=decoder.start) if sys.argv[1] == "thread" else None
if start:
    start.start(); start.join()
else:
    decoder.start()
print(decoder.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("started_in", ["main", "thread"])
def test_a_decoder_goes_with_a_parent_that_is_killed(started_in: str) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, started_in], stdout=subprocess.PIPE, cwd=ROOT) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert psutil.pid_exists(pid)
        if started_in == "main":
            os.kill(pid, signal.SIGSTOP)  # it need not even run
        parent.kill()
        assert gone(pid)


def test_a_call_ends_its_process_in_time_where_the_parent_cannot() -> None:
    stuck = "import time\nfrom worker.imaging.decoder_process import at_most\nwith at_most(0.2): time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", stuck], cwd=ROOT, timeout=30).returncode == -signal.SIGALRM


def test_a_decoder_is_not_shared_with_a_forked_child(decoder: Decoder) -> None:
    decoder.start()
    child = os.fork()
    if not child:
        try:
            decoder.open_document(PAGES, LIMITS)
        except InternalError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert decoder.open_document(PAGES, LIMITS).page_count == 3
