from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from worker.process import idle_compilation
from worker.process.idle_compilation import IdleCompilation

SECONDS = 60.0


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_compilation, "POLL_SECONDS", 0.01)


def test_it_compiles_all_steps_and_ends() -> None:
    done: list[int] = []
    compilation = IdleCompilation(steps(done), lambda: 10.0)
    compilation.start()
    compilation.join(SECONDS)
    assert done == [0, 1, 2] and not compilation.is_alive()
    compilation.stop()


def test_it_waits_between_jobs_and_can_be_stopped_then() -> None:
    done: list[int] = []
    asked = threading.Event()

    def just_now() -> float:
        asked.set()
        return 1.0

    compilation = IdleCompilation(steps(done), just_now)
    compilation.start()
    assert asked.wait(SECONDS)
    compilation.stop()
    assert not done and not compilation.is_alive()


def test_a_step_that_fails_ends_it_alone() -> None:
    def failing() -> Iterator[None]:
        yield
        raise RuntimeError("no memory")

    compilation = IdleCompilation(failing(), lambda: 10.0)
    compilation.run()


def steps(done: list[int]) -> Iterator[None]:
    for number in range(3):
        done.append(number)
        yield
