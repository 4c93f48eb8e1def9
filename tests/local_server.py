"""``python -m tests.local_server [--port 0]``: the real server over one process that reads as the tests do.

With ``--real`` it reads with the embedded engine.
"""

from __future__ import annotations

import argparse

from flask import Flask

from app import create_app
from app.authorization import Access
from app.server import Server
from tasks.settings import Settings
from tests.inline import inline
from tests.page_runner import PageRunner


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--page-seconds", type=float, default=0.0)
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    settings = Settings(model="rapidocr" if arguments.real else "fake").model_copy(
        update={"port": arguments.port, "drain_seconds": 10}
    )

    def make() -> Flask:
        if arguments.real:
            from worker.process.child import build_runner

            runner = build_runner(settings, None)
        else:
            runner = PageRunner(seconds=arguments.page_seconds)
        return create_app(inline(runner, settings, threads=1 if arguments.real else 2)[0], settings)

    Server(make, settings, takes_body=Access.from_settings(settings).takes_body).run()


if __name__ == "__main__":
    main()
