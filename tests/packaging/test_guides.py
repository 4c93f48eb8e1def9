"""What the guides promise is there: settings with their defaults, make targets, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from pydantic import AliasChoices, TypeAdapter
from pydantic.fields import FieldInfo

from ocrq.cli import cli
from ocrq.cli.exits import EXIT_CODES
from tasks.settings import Settings
from tests.packaging.images import ROOT

GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
PARTS = ("app", "ocrq", "stack", "tasks", "tests", "worker")
ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>[^|]+?) \|", re.MULTILINE)
# Defaults that a person reads better in words.
IN_WORDS = {"none", "in Redis", "the default model", "`~/.local/share/ocrq`", "the embedded Redis"}


def documented_settings(guide: Path) -> dict[str, str]:
    return {row["name"]: row["default"] for row in ROW.finditer(guide.read_text(encoding="utf-8"))}


def real_settings() -> dict[str, FieldInfo]:
    """The settings, by the name of the environment variable."""
    found = {}
    for name, setting in Settings.model_fields.items():
        alias = setting.validation_alias
        found[str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"OCRQ_{name.upper()}"] = setting
    return found


def test_the_deploy_guide_documents_every_setting_and_no_other() -> None:
    of_the_stack = {"OCRQ_DATA_DIR"}  # read by `ocrq up`
    assert set(documented_settings(ROOT / "docs" / "deploy.md")) == set(real_settings()) | of_the_stack


@pytest.mark.parametrize("guide", [ROOT / "docs" / "deploy.md", ROOT / "README.md"], ids=lambda path: path.name)
def test_the_documented_defaults_are_the_defaults(guide: Path) -> None:
    real, documented = real_settings(), documented_settings(guide)
    for name in documented.keys() & real.keys():
        if real[name].default in (None, ()):
            assert documented[name].partition(";")[0] in IN_WORDS, name
        elif documented[name] not in IN_WORDS:
            assert (
                TypeAdapter(real[name].annotation).validate_python(documented[name].strip("`")) == real[name].default
            ), name


def test_every_make_target_in_the_guides_exists() -> None:
    documented = {
        target for guide in GUIDES for target in re.findall(r"\bmake ([a-z]+)\b(?=[` \n,.)])", code_of(guide))
    }
    there = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test", "serve"} <= documented
    assert documented <= there


def code_of(guide: Path) -> str:
    """What stands in code, inline or in blocks."""
    text = guide.read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`|^ {4}[^\n]+", text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_link_to_a_file_leads_somewhere(guide: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#]+)", guide.read_text(encoding="utf-8"))
    assert [link for link in links if not (guide.parent / link).exists()] == []


def commands_of(guide: Path) -> Iterator[list[str]]:
    """The words of each ``ocrq`` command in code, up to a pipe, a comment or the next command."""
    for command in re.findall(r"(?<![\w./-])ocrq ((?:--?)?[a-z][^|`;#\n)…]*)", code_of(guide).replace("\\\n", " ")):
        try:
            yield shlex.split(command.partition("  ")[0])
        except ValueError:  # a quotation that goes on in the next line
            yield command.split()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_every_command_in_the_guides_has_its_options(guide: Path) -> None:
    for words in commands_of(guide):
        command: click.Command = cli
        for word in words:
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
            elif word.startswith("--") and command is not cli:
                options = {name for option in command.params for name in option.opts} | {"--help"}
                assert word in options, f"ocrq {' '.join(words)}"


def test_the_exit_codes_in_the_guide_are_those_of_the_command_line() -> None:
    guide = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8").partition("## Exit codes")[2]
    assert re.findall(r"^\| (\d+) \|", guide, re.MULTILINE) == re.findall(r"^  (\d+) ", EXIT_CODES, re.MULTILINE)


def test_what_the_faults_guide_names_exists() -> None:
    files = {str(path.relative_to(ROOT)) for part in PARTS for path in (ROOT / part).rglob("*.*") if path.is_file()}
    sources = {name: (ROOT / name).read_text("utf-8") for name in files if name.endswith((".py", ".lua"))}
    tests = re.findall(r"def (test_\w+)", "\n".join(text for name, text in sources.items() if name.startswith("tests")))
    code = "\n".join(text for name, text in sources.items() if not name.startswith("tests"))
    for row in re.findall(r"^\|.*\|$", (ROOT / "docs" / "faults.md").read_text(encoding="utf-8"), re.MULTILINE):
        for name in re.findall(r"`([\w./…]+)`", row):
            if "…" in name:
                assert any(name.strip("…") in test for test in tests), name
            elif name.endswith((".py", ".lua")):
                assert any(file == name or file.endswith(f"/{name}") for file in files), name
            elif not name.startswith(("/", "OCRQ_", "tests/")):
                assert name.rpartition(".")[2] in code, name
