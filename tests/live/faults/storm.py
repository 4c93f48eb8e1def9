"""The storm: many jobs drain while workers are killed over and over; says what became of each job."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass

from ocrq.contracts import ENDED
from ocrq.errors import NoWorker
from tests.live.faults.conftest import Stack, lives, page
from tests.live.faults.engines.fake.engine import SLEEP

LOOK_EVERY = 10  # jobs submitted between two looks at what has drained
LOOK_SECONDS = 0.05
OWNERS = ("ann", "bob", None)  # served in turn, so that messages begin jobs of others


@dataclass(frozen=True)
class Outcome:
    """What a storm left."""

    states: Counter[str]
    committed_twice: int
    kills: int
    seconds: float


@dataclass
class Killer:
    """Kills a process whenever its share of the jobs has drained, and starts again what died.

    Args:
        stack: Whose workers are killed.
        jobs: How many will come in all.
        kills: Spread evenly over them.
        dice: Choose the victims.
    """

    stack: Stack
    jobs: int
    kills: int
    dice: random.Random
    done: int = 0

    def look(self, submitted: int) -> None:
        """To be called often, with the number of jobs submitted so far."""
        drained = submitted - sum(self.stack.backend.health().queued.values())
        if self.done < self.kills and drained >= self.jobs * (self.done + 1) / (self.kills + 1):
            self._kill_one()
            self.done += 1
        self.restart_dead()

    def restart_dead(self) -> None:
        """As the supervisor does."""
        for part in list(self.stack.parts.workers):
            if not lives(part):
                self.stack.parts.workers.remove(part)
                self.stack.parts.add_worker(1)

    def _kill_one(self) -> None:
        part = self.dice.choice(self.stack.parts.workers)
        children = part.children()
        match self.dice.choice(("child", "main", "machine")):
            case "child" if children:
                self.dice.choice(children).send_signal(signal.SIGKILL)
            case "machine":
                os.killpg(part.pid, signal.SIGKILL)
                part.kill()
            case _:
                part.kill()  # its child may still end the job at hand


def storm(stack: Stack, jobs: int, kills: int, slow_one_in: int, seed: int, quiet_after: float = 600.0) -> Outcome:
    """Submit jobs, kill a child, a main process or both again and again, and wait until every job has ended.

    Args:
        stack: With workers that are started again here when their main process was killed.
        jobs: How many documents.
        kills: Spread over the time the jobs drain, which begins while they are submitted.
        slow_one_in: Of so many jobs one takes a tenth of a second, so that a kill meets a job at hand.
        seed: Of the victims.
        quiet_after: Seconds after which a job that has not ended counts as lost.
    """
    began = time.monotonic()
    killer = Killer(stack, jobs, kills, random.Random(seed))
    ids: list[str] = []
    while len(ids) < jobs:
        try:
            document, owner = page(SLEEP if len(ids) % slow_one_in == 0 else 60), OWNERS[len(ids) // 7 % len(OWNERS)]
            ids.append(stack.submit(document, owner, cache=False))
        except NoWorker:  # told at once where all are dead: nothing was accepted that could be lost
            time.sleep(LOOK_SECONDS)
            killer.restart_dead()
        if len(ids) % LOOK_EVERY == 0:
            killer.look(len(ids))
    while killer.done < kills and time.monotonic() - began < quiet_after:
        killer.look(jobs)
        time.sleep(LOOK_SECONDS)
    states: dict[str, str] = {}
    for job_id in ids:
        while (job := stack.job(job_id, 1)).status not in ENDED and time.monotonic() - began < quiet_after:
            killer.restart_dead()
        states[job_id] = job.status
    twice = sum(stack.commits(job_id) > 1 for job_id, state in states.items() if state in ENDED)
    return Outcome(Counter(states.values()), twice, killer.done, time.monotonic() - began)
