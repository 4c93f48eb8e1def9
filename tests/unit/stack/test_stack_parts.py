from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from ocrq.cli import checkout
from ocrq.cli.running import default_data_dir, running_server
from ocrq.errors import ServiceError
from stack import environment, logs, machine, sessions
from stack.checks import local_checks
from stack.data import DataDir
from stack.interrupts import Interrupts
from stack.part import LONGEST_DELAY, LONGEST_DELAY_KILLED, MAX_FIRST_DEATHS, PartSpec, Restarts
from stack.supervisor import Supervisor
from stack.watchdog import watch

QUICK, LONG = 0.5, 60.0


def test_a_part_of_a_stack_that_was_ready_is_started_again_later_and_later_and_never_given_up() -> None:
    restarts = Restarts()
    delays = [restarts.died(QUICK, 1, settled=True) for _ in range(100)]
    assert delays[:5] == [0.5, 1.0, 2.0, 4.0, 8.0]
    assert set(delays[5:]) == {LONGEST_DELAY}


def test_a_part_that_ran_well_begins_anew() -> None:
    restarts = Restarts()
    for _ in range(20):
        assert restarts.died(LONG, 1, settled=True) == 0.5
        assert restarts.died(QUICK, 1, settled=True) == 1.0


def test_before_the_stack_was_ever_ready_it_gives_up_sooner_however_long_a_part_ran() -> None:
    restarts = Restarts()
    assert [restarts.died(LONG, 1, settled=False) is None for _ in range(MAX_FIRST_DEATHS)] == [False, False, True]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_part_that_others_kill_is_never_given_up_and_soon_back(number: signal.Signals) -> None:
    restarts = Restarts()
    delays = [restarts.died(QUICK, -number, settled=True) for _ in range(50)]
    assert max(delay for delay in delays if delay is not None) == LONGEST_DELAY_KILLED < LONGEST_DELAY
    assert None not in delays


def test_a_part_that_crashes_by_itself_is_given_up() -> None:
    restarts = Restarts()
    assert restarts.died(QUICK, -signal.SIGSEGV, settled=False) is not None
    assert restarts.died(QUICK, -signal.SIGSEGV, settled=False) is not None
    assert restarts.died(QUICK, -signal.SIGSEGV, settled=False) is None


def test_the_watchdog_knows_what_was_left() -> None:
    assert watch(["+10 kill\n", "+11 ask\n", "+12 kill\n", "-10\n", "-99\n"]) == {11: "ask", 12: "kill"}


def test_a_sessions_members_are_found() -> None:
    assert os.getpid() in sessions.members(os.getsid(0))
    assert sessions.members(2**22 + 1) == []


def test_a_log_over_its_bound_moves_on_and_the_writer_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        logs.bound(log, max_bytes=100)
        assert not log.with_name("api.log.1").exists()
        writer.write(b"y")
        logs.bound(log, max_bytes=100)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert log.with_name("api.log.1").read_bytes() == b"x" * 100 + b"y"


def test_the_end_of_a_log_is_shown(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    assert logs.tail(log) == "    (it wrote nothing)"
    log.write_bytes("".join(f"line {number}\n\n" for number in range(5000)).encode() + b"\xff\n")
    assert logs.tail(log, lines=3) == "    line 4998\n    line 4999\n    �"


def test_a_data_directory_is_its_users_alone(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "deep" / "data")
    data.create()
    for path in (data.path, data.redis, data.blobs, data.logs):
        assert path.stat().st_mode & 0o777 == 0o700


def test_a_data_directory_serves_one_at_a_time(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.create()
    with data.locked() as hold, pytest.raises(ServiceError, match=f"process {os.getpid()}"), data.locked():
        pass
    assert not hold.after_crash
    with data.locked() as again:
        assert not again.after_crash


def test_what_killed_parts_left_in_the_temporary_directory_goes(tmp_path: Path) -> None:
    data = DataDir(tmp_path / "data")
    data.create()
    kept = tmp_path / "kept"
    kept.mkdir()
    (data.temporary / "pymp-x").mkdir()
    (data.temporary / "pymp-x" / "file").touch()
    (data.temporary / "link").symlink_to(kept)
    data.clear_temporary()
    assert not list(data.temporary.iterdir())
    assert kept.exists()


def test_a_supervisor_that_was_killed_is_noticed(tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    data.create()
    (tmp_path / "lock").write_text("4194303\n")
    with data.locked() as hold:
        assert hold.after_crash


def test_a_directory_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError, match="--data-dir"):
        DataDir(tmp_path / "file" / "data").create()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"OCRQ_DATA_DIR": "/srv/data", "XDG_DATA_HOME": "/xdg"}, "/srv/data"),
        ({"OCRQ_DATA_DIR": "", "XDG_DATA_HOME": "/xdg"}, "/xdg/ocrq"),
        ({}, str(Path("~/.local/share/ocrq").expanduser())),
    ],
)
def test_where_the_data_are_by_default(given: dict[str, str], place: str) -> None:
    assert default_data_dir(given) == Path(place)


def test_a_url_left_by_a_killed_stack_is_no_running_server(tmp_path: Path) -> None:
    assert running_server(tmp_path) is None
    (tmp_path / "server").write_text("http://127.0.0.1:1")
    assert running_server(tmp_path) is None


def test_a_taken_port_is_reported_and_a_free_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} on 127.0.0.1 is in use"):
            machine.check_port("127.0.0.1", port)
    machine.check_port("127.0.0.1", machine.free_port())


def test_an_address_of_another_machine_is_reported() -> None:
    with pytest.raises(ServiceError, match="address of this machine"):
        machine.check_port("192.0.2.1", 8000)


def test_ports_are_free_and_outside_the_range_of_outgoing_connections() -> None:
    first_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1023 < machine.free_port() < first_outgoing for _ in range(20))


def test_there_is_a_worker_for_each_processor_as_far_as_memory_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable_cpus", lambda: 16)
    monkeypatch.setattr(machine, "available_bytes", lambda: 3 * machine.WORKER_BYTES + 1)
    assert machine.default_workers("rapidocr") == 3
    assert machine.default_workers("fake") == 16
    monkeypatch.setattr(machine, "available_bytes", lambda: 1)
    assert machine.default_workers("rapidocr") == 1


def stack(given: dict[str, str], **more: object) -> dict[str, str]:
    how = {"redis_url": "redis://r", "data": DataDir(Path("/d")), "blob_dir": Path("/d/blobs"), "host": "h", "port": 1}
    return environment.stack_environment(given, **{**how, **more})  # type: ignore[arg-type]


def test_the_embedded_stack_lists_its_models_and_falls_back_to_what_it_has() -> None:
    made = stack({})
    assert made["OCRQ_MODELS"].split(",") == list(environment.EMBEDDED_MODELS)
    assert made["OCRQ_FALLBACK_MODEL"] == "rapidocr"
    assert stack({"OCRQ_MODEL": "fake"})["OCRQ_FALLBACK_MODEL"] == "fake"


def test_what_the_user_has_set_stays() -> None:
    given = {"OCRQ_MODELS": "a,b", "OCRQ_FALLBACK_MODEL": "b", "OCRQ_BLOB_DIR": "/blobs", "OMP_NUM_THREADS": "4"}
    made = stack(given)
    assert {name: made[name] for name in given} == given


def test_documents_stay_in_a_redis_that_others_may_share() -> None:
    assert "OCRQ_BLOB_DIR" not in stack({}, blob_dir=None)
    assert stack({})["OCRQ_BLOB_DIR"] == "/d/blobs"


def test_compiled_models_are_kept_with_the_data_unless_another_place_is_set() -> None:
    assert stack({})["OCRQ_MODELS_CACHE"] == "/d/models-cache"
    assert stack({"OCRQ_MODELS_CACHE": "/elsewhere"})["OCRQ_MODELS_CACHE"] == "/elsewhere"


def test_a_part_may_start_later_and_at_once_when_the_rest_is_ready(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda sentence: None)
    spec = PartSpec("late", "the part", ("true",), {}, tmp_path, tmp_path / "log", 1.0)
    part = supervisor.start(spec, delay=600.0)
    try:
        supervisor.check()
        assert part.pid is None
        supervisor.start_delayed()
        assert part.pid is not None
    finally:
        supervisor.stop(lambda: True)


def test_every_process_has_one_thread() -> None:
    assert {stack({})[name] for name in environment.ONE_THREAD} == {"1"}


def test_the_address_that_was_chosen_wins_over_the_environment() -> None:
    made = stack({"PORT": "99", "OCRQ_HOST": "elsewhere"}, port=8001)
    assert (made["PORT"], made["OCRQ_HOST"], made["REDIS_URL"]) == ("8001", "h", "redis://r")


def test_paths_are_made_absolute_since_parts_run_elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment.part_environment({"OCRQ_BLOB_DIR": "blobs"})["OCRQ_BLOB_DIR"] == str(tmp_path / "blobs")


def test_the_servers_code_is_found_beside_the_package_or_where_the_command_runs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = Path(environment.__file__).parents[1]
    assert checkout.find_checkout(tmp_path) == here
    monkeypatch.setattr(checkout.ocrq, "__file__", str(tmp_path / "site-packages" / "ocrq" / "__init__.py"))
    assert checkout.find_checkout(here) == here
    with pytest.raises(ServiceError, match="checkout"):
        checkout.find_checkout(tmp_path)


def test_what_is_missing_is_reported_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment.EXTRAS, "cpu", ("json", "no_such_module"))
    with pytest.raises(ServiceError, match=r"not installed: no_such_module; .*pip install -e '\.\[cpu\]'"):
        environment.check_extras("cpu")
    monkeypatch.setitem(environment.EXTRAS, "cpu", ("json",))
    environment.check_extras("cpu")


def test_the_first_interrupt_asks_and_the_second_hurries() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts() as interrupts:
        assert not interrupts.asked()
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.asked() and not interrupts.kill_now()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupts.kill_now()
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(("url", "status"), [("http://127.0.0.1:{}", "ok"), ("http://127.0.0.1:1", "warning")])
def test_the_doctor_accepts_a_port_that_the_running_stack_uses(tmp_path: Path, url: str, status: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        DataDir(tmp_path).server.write_text(url.format(port))
        checks = local_checks({"PATH": ""}, tmp_path, "127.0.0.1", port)
        assert next(check for check in checks if check.subject == "port").status == status
