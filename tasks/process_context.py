"""What this process runs tasks with: its Runner, executor and source of health, set by an entry point of worker/."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ocrq.contracts import Health
from ocrq.errors import InternalError, InvalidRequest
from tasks.execution.executor import JobExecutor
from tasks.runner import Runner


@dataclass
class ProcessContext:
    """The one mutable state of a process that runs tasks; a task function asks it, an entry point fills it.

    Attributes:
        runner: Reads documents. Where there is none, ``make_runner`` makes it at its first use.
        executor: Runs Celery messages.
        health_source: What `ocr.health` answers.
    """

    runner: Runner | None = None
    make_runner: Callable[[], Runner] | None = None
    executor: JobExecutor | None = None
    health_source: Callable[[], Health] | None = None
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def get_runner(self) -> Runner:
        """The process's Runner.

        Raises:
            InternalError: This process imported the tasks, and no entry point of worker/.
        """
        with self._making:
            if self.runner is None:
                if self.make_runner is None:
                    raise InternalError("no runner is installed in this process; import worker.main first")
                self.runner = self.make_runner()
            return self.runner

    def get_executor(self) -> JobExecutor:
        """The process's executor.

        Raises:
            InvalidRequest: A worker was started with another app than ``worker.main``.
        """
        if self.executor is None:
            raise InvalidRequest("this worker was not started from worker.main; start it with `python -m worker`")
        return self.executor

    def health(self) -> Health:
        """What `ocr.health` answers.

        Raises:
            InternalError: This process imported the tasks, and no entry point of worker/.
        """
        if self.health_source is None:
            raise InternalError("no health source is installed in this process; import worker.main")
        return self.health_source()


process = ProcessContext()
"""This process's own."""
