"""An interpreter that has celery[redis] and nothing else: what a service of other people has."""

from __future__ import annotations

import sys
from importlib.metadata import Distribution, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOTS = ("celery[redis]",)
RUN = "import runpy, sys; sys.path[:0] = {paths!r}; sys.argv[:] = sys.argv[1:]; runpy.{how}"


def packages(directory: Path) -> Path:
    """A folder of links to what ``pip install "celery[redis]"`` would bring, from this environment."""
    directory.mkdir()
    for found in _needed():
        for name in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            link = directory / name
            if not link.exists():
                link.symlink_to(Path(str(found.locate_file(name))))
    return directory


def script(site: Path, path: Path, *arguments: str) -> list[str]:
    """The command that runs a script so."""
    return [*_isolated(site, path.parent, "run_path(sys.argv[0], run_name='__main__')"), str(path), *arguments]


def celery(site: Path, beside: Path, *arguments: str) -> list[str]:
    """The ``celery`` command, run so, with the modules of a folder."""
    return [*_isolated(site, beside, "run_module('celery', run_name='__main__')"), "celery", *arguments]


def _isolated(site: Path, beside: Path, how: str) -> list[str]:
    """Without site-packages, without the environment's and the working directory's modules."""
    return [sys.executable, "-I", "-S", "-c", RUN.format(paths=[str(site), str(beside)], how=how)]


def _needed() -> list[Distribution]:
    found: dict[str, Distribution] = {}
    wanted = [Requirement(root) for root in ROOTS]
    while wanted:
        requirement = wanted.pop()
        if requirement.name in found and not requirement.extras:
            continue
        found[requirement.name] = distribution(requirement.name)
        for line in found[requirement.name].requires or ():
            needs = Requirement(line)
            extras = requirement.extras or {""}
            if needs.marker is None or any(needs.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(needs)
    return list(found.values())
