"""``python -m worker``: a reading worker with the flags that it needs."""

from __future__ import annotations

import os

import click


@click.command()
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=None, help="Reading processes; one a core if not set."
)
@click.option("--pool", type=click.Choice(["cpu", "gpu", "all"]), default=None, help="Whose queues to read.")
@click.option("--start-method", type=click.Choice(["fork", "spawn"]), default=None, help="How children are made.")
def main(concurrency: int | None, pool: str | None, start_method: str | None) -> None:
    """Read jobs from Redis until stopped. SIGTERM lets running jobs finish."""
    if pool:
        os.environ["OCRQ_POOL"] = pool  # the children of a spawned pool read it again
    if start_method:
        os.environ["OCRQ_START_METHOD"] = start_method
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")
    from worker.main import app, gave_up, settings
    from worker.process.exit_status import run_worker

    app.conf.worker_pool = settings.worker_pool
    app.conf.worker_pool_start_method = settings.start_method
    processes = concurrency or os.cpu_count() or 1
    run_worker(app, f"worker-{settings.pool}", settings.worker_pool, processes, gave_up)


if __name__ == "__main__":
    main()
