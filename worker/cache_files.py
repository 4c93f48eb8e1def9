"""Files that a process keeps for the next one on this machine, where a directory is set for them."""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

logger = logging.getLogger(__name__)

T = TypeVar("T")


def kept(file: Path, read: Callable[[Path], T], make: Callable[[], T], write: Callable[[T], bytes]) -> T:
    """What a file holds; made and written where there is none, or one that cannot be read.

    Processes that are started together make it once: they wait for each other. A full disk is not an error.

    Args:
        file: In a directory that need not be there yet.
        read: Raises FileNotFoundError where there is none, ValueError, EOFError or RuntimeError where it is damaged.
        make: What the file is to hold.
        write: Gives the file's content.
    """
    with _one_process_at_a_time(file.parent):
        try:
            return read(file)
        except FileNotFoundError:
            pass
        except (OSError, EOFError, ValueError, RuntimeError) as error:
            logger.warning("%s cannot be read and is made again: %s", file.name, error)
        made = make()
        _write(file, write(made))
    return made


def _write(file: Path, content: bytes) -> None:
    """Under another name first, so that a process that is killed leaves no half file."""
    unfinished = file.with_suffix(".unfinished")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(file)
    except OSError as error:
        logger.warning("%s is not kept: %s", file.name, error)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


@contextmanager
def _one_process_at_a_time(directory: Path) -> Iterator[None]:
    with ExitStack() as held:
        try:
            directory.mkdir(parents=True, exist_ok=True)
            fcntl.flock(held.enter_context((directory / "lock").open("w")), fcntl.LOCK_EX)
        except OSError as error:  # nothing can be written there, so nobody need wait
            logger.warning("%s cannot be written to: %s", directory, error)
        yield
