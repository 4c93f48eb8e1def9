from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result
from pydantic import SecretStr

from app.api_keys import KeyRing
from ocrq.cli import cli
from ocrq.cli.exits import OK
from ocrq.client import Client
from ocrq.contracts import Job
from ocrq.errors import JobConflict, JobNotFound, ServiceError
from ocrq.exposure import check_exposure, is_loopback
from tasks.jobs.service import JobService
from tasks.settings import Settings

Command = Callable[..., Result]


def test_a_key_is_made_with_an_entry_that_the_server_takes_and_that_does_not_hold_it(command: Command) -> None:
    made = json.loads(command("keys", "new", "web", "--scope", "read", "--scope", "admin", "--json").stdout)
    assert made["key"].startswith("ocrq_") and made["key"] not in made["entry"]
    ring = KeyRing.from_settings(Settings(api_keys=SecretStr(made["entry"])))
    assert ring is not None
    key = ring.find(made["key"])
    assert key is not None and (key.name, key.scopes) == ("web", {"read", "admin"})


def test_a_key_is_shown_to_people_once_and_is_another_each_time(command: Command) -> None:
    shown = [command("keys", "new", "web").stdout for _ in range(2)]
    secrets = [text.split()[1] for text in shown]
    assert secrets[0] != secrets[1]
    digest = hashlib.sha256(secrets[0].encode()).hexdigest()
    assert shown[0].splitlines() == [f"key    {secrets[0]}", f"entry  web:sha256${digest}"]


def test_a_name_that_an_entry_cannot_have_is_refused(command: Command) -> None:
    for name in ("a:b", "a b", "", "a,b", "x" * 65):
        assert isinstance(command("keys", "new", name).exception, click.BadParameter)


def test_dead_jobs_are_listed_for_people_and_machines(
    command: Command, client: Client, backend: JobService, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert command("jobs", "dead").stdout == ""
    job = client.wait(client.submit(page).id)
    assert isinstance(job, Job)
    monkeypatch.setattr(backend, "dead", lambda owner=None: [job])
    assert client.dead() == [job]
    assert command("jobs", "dead").stdout.startswith(job.id)
    assert json.loads(command("jobs", "dead", "--json").stdout) == [job.model_dump(mode="json")]


def test_a_job_that_has_not_failed_is_not_tried_again(command: Command, client: Client, page: Path) -> None:
    job_id = client.submit(page).id
    client.wait(job_id)
    assert isinstance(command("jobs", "retry", job_id).exception, JobConflict)
    assert isinstance(command("jobs", "retry", "nobody").exception, JobNotFound)


def test_a_job_is_tried_again(
    command: Command, client: Client, backend: JobService, page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = client.wait(client.submit(page).id)
    monkeypatch.setattr(backend, "retry", lambda job_id, owner=None: job)
    result = command("jobs", "retry", job.id)
    assert result.return_value == OK
    assert result.stdout.startswith(job.id)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"])
def test_this_machine_alone_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_exposure(host, keys=False, accepted=False)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.168.1.4", "localhost.example.com", "::ffff:0.0.0.0", "2130706433"]
)
def test_others_need_a_key_or_the_operators_word(host: str) -> None:
    with pytest.raises(ServiceError, match="OCRQ_API_KEYS.*OCRQ_OPEN=1"):
        check_exposure(host, keys=False, accepted=False)
    check_exposure(host, keys=True, accepted=False)
    check_exposure(host, keys=False, accepted=True)


def test_the_stack_refuses_before_it_starts_anything(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OCRQ_API_KEYS", "OCRQ_API_KEYS_FILE", "OCRQ_OPEN"):
        monkeypatch.setenv(name, "")
    result = command("up", "--host", "0.0.0.0", "--data-dir", tmp_path / "data")
    assert isinstance(result.exception, ServiceError)
    assert "OCRQ_OPEN=1" in result.exception.detail
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("group", ["keys", "jobs"])
def test_every_option_of_a_group_says_what_it_is_for(group: str) -> None:
    commands = cli.commands[group].commands.values()
    options = [option for one in commands for option in one.params if isinstance(option, click.Option)]
    assert all(one.help for one in commands) and options
    assert not [option.name for option in options if not option.help]
