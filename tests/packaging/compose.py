"""docker-compose.yml as Compose reads it: variables filled in, anchors merged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tests.packaging.images import ROOT

FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")


@dataclass(frozen=True)
class Variable:
    """One variable of the file, and what stands for it where it is not set; None if it has to be."""

    name: str
    default: str | None


def variables() -> list[Variable]:
    """Every variable the file names."""
    found = _VARIABLE.finditer(FILE.read_text(encoding="utf-8"))
    return [Variable(m["name"], m["rest"] if m["kind"] == "-" else None) for m in found]


def example() -> dict[str, str]:
    """The settings of .env.example."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def services(env: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services with an environment's values filled in."""

    return dict(_loaded(env)["services"])


def redis_configuration(env: Mapping[str, str]) -> str:
    """The file that Redis is started with."""
    return str(_loaded(env)["configs"]["redis"]["content"])


def _loaded(env: Mapping[str, str]) -> dict[str, Any]:
    def fill(match: re.Match[str]) -> str:
        return env.get(match["name"]) or (match["rest"] if match["kind"] == "-" else "")

    return dict(yaml.safe_load(_VARIABLE.sub(fill, FILE.read_text(encoding="utf-8"))))
