from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

import ocrq
from ocrq.cli import cli
from ocrq.cli.exits import NO_SERVER, OK, SOME_FAILED, code_for
from ocrq.client import Client
from ocrq.contracts import Job
from ocrq.errors import (
    InvalidImage,
    OcrqError,
    QueueFull,
    ReadFailed,
    ServerUnreachable,
    ServiceError,
)
from tests.page_runner import PageRunner

Command = Callable[..., Result]
ROOT = Path(ocrq.__file__).parents[1]


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ocrq", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_job_is_shown_with_how_far_it_is(command: Command, client: Client, three_pages: Path) -> None:
    job = client.wait(client.submit(three_pages).id)
    result = command("jobs", "show", job.id)
    assert result.return_value == OK
    assert result.stdout.startswith(f"{job.id}  succeeded  3 of 3 pages  created 20")


def test_a_job_is_awaited_where_asked_for(command: Command, client: Client, runner: PageRunner, page: Path) -> None:
    job_id = client.submit(page).id
    assert json.loads(command("jobs", "show", job_id, "--wait", "--json").stdout)["status"] == "succeeded"


def test_a_failed_job_says_why_and_fails_the_command(
    command: Command, client: Client, runner: PageRunner, page: Path
) -> None:
    runner.fail = ReadFailed("no page could be read; send a better scan")
    result = command("jobs", "show", client.submit(page).id, "--wait")
    assert result.return_value == SOME_FAILED
    assert "read_failed: no page could be read; send a better scan" in result.stdout


def test_a_job_is_cancelled(command: Command, client: Client, runner: PageRunner, page: Path) -> None:
    runner.gate.clear()
    job_id = client.submit(page).id
    result = command("jobs", "cancel", job_id)
    assert result.return_value == OK
    job = client.wait(job_id)
    assert isinstance(job, Job)
    assert job.status == "cancelled"


def test_an_unknown_job_is_reported_by_its_code(command: Command) -> None:
    result = command("jobs", "show", "nobody")
    assert isinstance(result.exception, OcrqError)
    assert result.exception.code == "job_not_found"


def test_without_any_server_the_command_says_how_to_name_one(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCRQ_SERVER")
    result = command("jobs", "show", "a")
    assert isinstance(result.exception, ServiceError)
    assert "--server" in result.exception.detail


def test_the_doctor_reports_what_is_there_for_people_and_machines(command: Command) -> None:
    result = json.loads(command("doctor", "--json").stdout)
    subjects = {check["subject"]: check for check in result["checks"]}
    assert result["can_read"] is True
    assert {
        "Python",
        "server code",
        "extra api",
        "Redis",
        "data directory",
        "port",
        "machine",
        "model",
        "server",
    } <= set(subjects)
    assert "healthy" in subjects["server"]["found"]
    assert all(check["remedy"] for check in result["checks"] if check["status"] == "failed")
    shown = command("doctor")
    assert shown.return_value == OK
    assert "documents can be read here" in shown.stdout


def test_the_doctor_fails_where_nothing_can_read(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCRQ_SERVER", "http://127.0.0.1:1")
    monkeypatch.setenv("REDIS_URL", "redis://:secret@127.0.0.1:1/0")
    result = command("doctor")
    assert result.return_value == SOME_FAILED
    assert "FAILED   Redis" in result.stdout
    assert "secret" not in result.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ServerUnreachable("gone"), NO_SERVER),
        (ServiceError("port in use"), NO_SERVER),
        (InvalidImage("empty"), SOME_FAILED),
        (QueueFull("full"), SOME_FAILED),
    ],
)
def test_errors_have_their_exit_codes(error: OcrqError, code: int) -> None:
    assert code_for(error) == code


@pytest.mark.parametrize("name", ["up", "read", "doctor", "api", "worker"])
def test_every_option_says_what_it_is_for(name: str) -> None:
    command = cli.commands[name]
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    assert command.help and options
    assert not [option.name for option in options if not option.help]


def test_the_version_is_the_packages() -> None:
    result = shell("--version")
    assert (result.returncode, result.stdout) == (0, f"ocrq, version {ocrq.__version__}\n")


def test_a_wrong_option_is_a_usage_error_with_code_2() -> None:
    result = shell("read", "--no-such-option", "x")
    assert result.returncode == 2
    assert "No such option" in result.stderr


def test_an_error_is_one_line_and_no_traceback() -> None:
    result = shell("read", "pyproject.toml", "--server", "http://127.0.0.1:1")
    assert result.returncode == 3
    assert result.stderr.startswith("error: no server answers at http://127.0.0.1:1")
    assert "Traceback" not in result.stderr


def test_a_part_that_is_not_installed_is_reported_with_the_command() -> None:
    hide = "import sys; sys.modules['flask'] = None; from ocrq.cli import main; sys.argv = ['ocrq', 'up']; main()"
    result = subprocess.run(
        [sys.executable, "-c", hide], cwd=ROOT, capture_output=True, text=True, timeout=60, env={"HOME": "/nonexistent"}
    )
    assert result.returncode == 3
    assert "not installed: flask; in the checkout, run: pip install -e '.[api,cpu]'" in result.stderr


def test_help_imports_nothing_that_is_slow() -> None:
    heavy = "import sys, ocrq.cli; print([n for n in ('httpx', 'pydantic', 'rich', 'redis') if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", heavy], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert result.stdout == "[]\n", result.stderr
