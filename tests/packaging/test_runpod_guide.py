"""What the RunPod guide promises: its local commands run, its settings are there, its files are what RunPod takes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.live.processes import free_port
from tests.live.runpod.workers import environment
from tests.packaging.images import ROOT, instructions
from tests.packaging.test_guides import documented_settings
from worker.serverless.job_request import parse_input
from worker.serverless.settings import ServerlessSettings

GUIDE = ROOT / "docs" / "runpod.md"
HERE = GUIDE.read_text(encoding="utf-8").partition("## Try it here")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^```sh\n(.*?)^```", HERE, re.MULTILINE | re.DOTALL)
SECONDS = 120.0  # far more than any takes; another's tests run beside
HUB = json.loads((ROOT / ".runpod" / "hub.json").read_text(encoding="utf-8"))
TESTS = json.loads((ROOT / ".runpod" / "tests.json").read_text(encoding="utf-8"))


def ran(commands: str) -> tuple[int, str]:
    """A block of the guide as a person types it, at a port that is free; exit status and all that it said."""
    env = environment(PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    shell = subprocess.Popen(
        ["bash", "-eu", "-o", "pipefail", "-m", "-c", commands.replace("8000", str(free_port()))],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output, _ = shell.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        for process in [*_below(shell.pid), shell.pid]:
            os.kill(process, signal.SIGKILL)
        output, _ = shell.communicate()
    return shell.returncode, output


def _below(pid: int) -> list[int]:
    import psutil

    return [child.pid for child in psutil.Process(pid).children(recursive=True)]


@pytest.mark.live
@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("commands", "answer"),
    list(zip(COMMANDS, ["models_loaded", '"status":"COMPLETED"', '"served_by":"fake/fixed"'], strict=True)),
    ids=["one job", "local API", "load balancing"],
)
def test_the_local_commands_run_as_printed(commands: str, answer: str) -> None:
    status, output = ran(commands)
    assert status == 0, output
    assert answer in output
    assert "Fake reading of page 1" in output
    assert "Traceback" not in output


def test_the_handlers_settings_are_documented_with_their_defaults() -> None:
    documented = documented_settings(GUIDE)
    for name, setting in ServerlessSettings.model_fields.items():
        variable = setting.validation_alias or f"OCRQ_{name.upper()}"
        if str(variable) in {"BUCKET_ACCESS_KEY_ID", "BUCKET_SECRET_ACCESS_KEY"}:
            continue  # beside the URL
        default = documented[str(variable)]
        if setting.default in (None, ()):
            assert default == "none" or variable == "OCRQ_BUCKET_NAME", variable
        else:
            assert type(setting.default)(default) == setting.default, variable


def test_the_hub_builds_what_the_guide_builds() -> None:
    """The Hub takes neither build arguments nor a target."""
    steps = instructions("Dockerfile.gpu")
    stage = steps.index(("FROM", "installed AS runpod"))
    wanted = [("ARG", "EXTRA=runpod") if step == ("ARG", "EXTRA=gpu") else step for step in steps[: stage + 2]]
    assert instructions(".runpod/Dockerfile") == wanted
    assert steps[stage + 1] == ("CMD", '["python", "-m", "worker.runpod_handler"]')


def test_the_hub_finds_what_it_asks_for() -> None:
    assert {"title", "description", "type", "category", "config"} <= HUB.keys()
    assert (HUB["type"], HUB["config"]["runsOn"]) == ("serverless", "GPU")
    assert (ROOT / ".runpod" / "handler.py").exists()
    names = [setting["key"] for setting in HUB["config"]["env"]]
    guide = GUIDE.read_text(encoding="utf-8")
    assert [name for name in names if f"`{name}`" not in guide] == []
    for preset in HUB["config"]["presets"]:
        assert set(preset["defaults"]) <= set(names)
        assert preset["defaults"]["OCRQ_MODEL"] in preset["defaults"]["OCRQ_MODELS"].split(",")


def inputs() -> list[Any]:
    one = json.loads((ROOT / "test_input.json").read_text(encoding="utf-8"))["input"]
    return [one, *(test["input"] for test in TESTS["tests"])]


@pytest.mark.parametrize("job_input", inputs(), ids=["test_input", *(test["name"] for test in TESTS["tests"])])
def test_the_inputs_that_are_tried_are_jobs(job_input: Any) -> None:
    request = parse_input(job_input)
    assert request is None or request.operation == "extract_text"  # None asks for the worker's health
