"""The jobs that wait in one process, in a line for each owner; owners are served in turn, as the ledger serves them."""

from __future__ import annotations

from collections import OrderedDict


class OwnerQueues:
    """See the module; used under its store's lock alone."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str | None, OrderedDict[str, None]] = OrderedDict()
        self._served_last: str | None = None

    def add(self, job_id: str, owner: str | None) -> None:
        """A job waits; one that waits already keeps its place, and a new owner goes before the one served last."""
        if owner not in self._lines:
            self._lines[owner] = OrderedDict()
            if self._served_last in self._lines:
                self._lines.move_to_end(self._served_last)
        self._lines[owner][job_id] = None

    def remove(self, job_id: str, owner: str | None) -> None:
        """A job waits no longer."""
        line = self._lines.get(owner, OrderedDict())
        line.pop(job_id, None)
        if not line:
            self._lines.pop(owner, None)

    def take(self) -> str | None:
        """The first job of the owner who was served longest ago; None where none waits."""
        if not self._lines:
            return None
        owner, line = self._lines.popitem(last=False)
        job_id, _ = line.popitem(last=False)
        self._served_last = owner
        if line:
            self._lines[owner] = line
        return job_id
