"""A bar per document on standard error, by pages; nothing where that is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ocrq.contracts import ENDED, Batch, Job

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """What a command shows of its progress.

    Args:
        progress: Of rich; None shows nothing.
        names: The documents.
    """

    def __init__(self, progress: Progress | None, names: Sequence[str]) -> None:
        self._progress = progress
        self._names = names
        self._bars: dict[int, TaskID] = {}

    def report(self, sentence: str) -> None:
        """Say what is being done before anything can be counted."""
        if self._progress:
            self._progress.console.print(sentence, style="dim", markup=False, highlight=False)

    def show(self, place: int, job: Job | Batch) -> None:
        """Show how far the document at ``place`` is; a bar appears with it and goes when it has ended."""
        if not self._progress:
            return
        if place not in self._bars:
            self._bars[place] = self._progress.add_task(self._names[place], total=None, count="")
        done, total = job.progress.done, job.progress.total
        # How many pages there are is known once the document was opened; until then its state is shown.
        count = job.status if total is None else f"{done} of {total} page{'' if total == 1 else 's'}"
        self._progress.update(self._bars[place], completed=done, total=total, count=count)
        if job.status in ENDED:
            self._progress.remove_task(self._bars.pop(place))

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the bars off the terminal, where results are about to be written to it."""
        if not self._progress:
            yield
            return
        self._progress.stop()
        yield
        self._progress.start()


@contextmanager
def bars_for(names: Sequence[str]) -> Iterator[Bars]:
    """Bars for these documents, gone when the command is done."""
    if not sys.stderr.isatty():
        yield Bars(None, names)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[count]}"))
    console = Console(stderr=True)
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True, redirect_stdout=False) as progress:
        yield Bars(progress, [escape(name) for name in names])
