"""The storm: many jobs drain while workers are killed over and over; says what became of each job."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from dataclasses import dataclass

from tests.live.faults.conftest import Stack, lives, page
from tests.live.faults.engines.fake import SLEEP


@dataclass(frozen=True)
class Outcome:
    """What a storm left."""

    states: Counter[str]
    committed_twice: int
    kills: int
    seconds: float


def storm(stack: Stack, jobs: int, kills: int, seed: int, quiet_after: float = 600.0) -> Outcome:
    """Submit jobs, kill a random process (child or main) again and again, and wait until every job has ended.

    Args:
        stack: With workers that are started again here when their main process was killed.
        jobs: How many documents; one in a hundred takes a tenth of a second.
        kills: Spread over the time the queue drains.
        seed: Of the victims.
        quiet_after: Seconds after which a job that has not ended counts as lost.
    """
    dice = random.Random(seed)
    began = time.monotonic()
    ids = [stack.submit(page(SLEEP if number % 100 == 0 else 60), cache=False) for number in range(jobs)]
    done_kills = 0
    while done_kills < kills and (left := _waiting(stack)) > 0:
        # The next kill is due when its share of the queue has drained.
        if left <= jobs * (1 - (done_kills + 1) / (kills + 1)) or dice.random() < 0.02:
            _kill_one(stack, dice)
            done_kills += 1
        time.sleep(0.05)
        _restart_dead(stack)
    states: Counter[str] = Counter()
    for job_id in ids:
        while (status := stack.job(job_id, 5).status) not in {"succeeded", "failed", "cancelled"}:
            _restart_dead(stack)
            if time.monotonic() - began > quiet_after:
                break
        states[status] += 1
    twice = sum(stack.commits(job_id) > 1 for job_id in ids)
    return Outcome(states, twice, done_kills, time.monotonic() - began)


def _waiting(stack: Stack) -> int:
    return sum(stack.backend.health().queued.values())


def _kill_one(stack: Stack, dice: random.Random) -> None:
    part = dice.choice(stack.parts.workers)
    victims = [*part.children()]
    if not victims or dice.random() < 0.4:
        part.kill()
        return
    dice.choice(victims).send_signal(signal.SIGKILL)


def _restart_dead(stack: Stack) -> None:
    for part in list(stack.parts.workers):
        if not lives(part):
            stack.parts.workers.remove(part)
            stack.parts.add_worker(1)
