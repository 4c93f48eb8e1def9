"""A Dockerfile replayed without Docker: what it copies goes to a folder, what pip installs to a clean environment."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from string import Template

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[2]
DOCKERFILES = ("Dockerfile.api", "Dockerfile.gpu")
INSTALL_SECONDS = 900
NOT_REPLAYED = {"PIP_NO_CACHE_DIR", "PYTHONDONTWRITEBYTECODE"}
"""Variables that make an image small. Here modules are compiled when they are first imported: few of torch's are."""


@dataclass(frozen=True)
class Image:
    """What a build leaves: where the program is, how it is started and how it is asked whether it lives."""

    workdir: Path
    venv: Path
    env: dict[str, str]
    command: list[str]
    healthcheck: list[str]

    def run(self, command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
        """Run a command as in a container of this image."""
        return subprocess.run(
            command, cwd=self.workdir, env=self.env | env, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )

    def start(self, command: list[str], log: Path, **env: str) -> subprocess.Popen[bytes]:
        """Start a container's process; what it says goes to the log."""
        with log.open("wb") as out:
            return subprocess.Popen(command, cwd=self.workdir, env=self.env | env, stdout=out, stderr=out)

    def finds(self, module: str) -> bool:
        """Whether a module can be imported."""
        probe = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
        return self.run(["python", "-c", probe]).returncode == 0


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions and their values, in order; continued lines are joined."""
    structure = DockerfileParser(fileobj=BytesIO((ROOT / dockerfile).read_bytes())).structure
    return [(step["instruction"], step["value"]) for step in structure if step["instruction"] != "COMMENT"]


def build(
    dockerfile: str, where: Path, args: Mapping[str, str] | None = None, files: Mapping[str, str] | None = None
) -> Image:
    """Replay a Dockerfile; of its RUN steps, those that install with pip.

    Args:
        dockerfile: Its name in the project's root.
        where: An empty folder, which stands for the image's ``/``.
        args: Build arguments.
        files: What is copied instead of the project's files of these names.
    """
    venv = make_venv(where / "venv")
    outside = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "OCRQ_", "VIRTUAL_ENV", "REDIS_URL"))}
    path = f"{venv / 'bin'}:/usr/local/bin:/usr/bin:/bin"
    env = {**outside, "PATH": path, "HOME": str(where), "PIP_COMPILE": "0"}  # PIP_NO_COMPILE=1 compiles
    workdir, found = where, {"CMD": "", "HEALTHCHECK": ""}
    for instruction, value in instructions(dockerfile):
        if instruction == "WORKDIR":
            workdir = where / value.lstrip("/")
            workdir.mkdir(parents=True, exist_ok=True)
        elif instruction == "ARG":
            name, _, default = value.partition("=")
            env[name] = dict(args or {}).get(name, default)
        elif instruction == "ENV":
            env |= {k: Template(v).safe_substitute(env) for k, _, v in (a.partition("=") for a in shlex.split(value))}
            env["PATH"] = path
            for name in NOT_REPLAYED - outside.keys():
                env.pop(name, None)
        elif instruction == "COPY":
            *sources, target = Template(value).safe_substitute(env).split()
            for source in sources:
                _copy(source, workdir / target)
                if source in (files or {}):
                    (workdir / target).write_text(dict(files or {})[source], encoding="utf-8")
        elif instruction == "RUN" and value.startswith("pip install"):
            done = subprocess.run(["sh", "-c", value], cwd=workdir, env=env, capture_output=True, text=True)
            assert done.returncode == 0, f"{value}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        elif instruction in found:
            found[instruction] = value
    _, _, check = found["HEALTHCHECK"].partition("CMD ")
    return Image(workdir, venv, env, json.loads(found["CMD"]), json.loads(check))


def make_venv(where: Path) -> Path:
    """A clean environment whose pip is ours: making one with its own takes seconds."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", where], check=True, capture_output=True)
    pip = where / "bin" / "pip"
    pip.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pip --python "{where}/bin/python" "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    return where


def _copy(source: str, target: Path) -> None:
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        return
    if target.is_dir():
        target = target / Path(source).name
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / source, target)
