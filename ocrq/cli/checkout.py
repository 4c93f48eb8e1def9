"""The server's code, which the wheel does not hold: found in the checkout, and imported by name."""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import ocrq
from ocrq.errors import ServiceError

_SERVER_FILES = ("app/__init__.py", "stack/__init__.py", "tasks/settings.py", "worker/__init__.py")


@dataclass(frozen=True)
class Check:
    """What ``ocrq doctor`` found about one subject.

    Attributes:
        subject: Of a few words.
        status: ``failed`` keeps this machine from reading; ``warning`` does not.
        found: What is there.
        remedy: What to do; empty where nothing is to be done.
    """

    subject: str
    status: Literal["ok", "warning", "failed"]
    found: str
    remedy: str = ""


def find_checkout(working_directory: Path) -> Path:
    """The directory that holds ``app``, ``stack``, ``tasks`` and ``worker``: beside this package, or the working one.

    Raises:
        ServiceError: The server's code is in neither.
    """
    beside = Path(ocrq.__file__).absolute().parents[1]
    for directory in (beside, working_directory.absolute()):
        if all((directory / name).is_file() for name in _SERVER_FILES):
            return directory
    raise ServiceError(
        "the server's code is not here: the ocrq wheel contains only the client and the command line. Run this from a "
        "checkout of the repository, use the container images, or give the --server of a running server"
    )


def stack_module(name: str) -> Any:
    """A module of ``stack/``, which stands on this package and is not part of the wheel.

    Raises:
        ServiceError: There is no checkout here.
    """
    checkout = str(find_checkout(Path.cwd()))
    if checkout not in sys.path:
        sys.path.insert(0, checkout)
    return importlib.import_module(f"stack.{name}")
