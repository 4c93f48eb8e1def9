"""The images' health check: ``healthcheck.py api`` asks /livez, ``worker`` looks for a heartbeat, ``control`` pings.

Exit 0 if the service in this container lives, 1 if not, with the reason.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.error
import urllib.request

ANSWER_SECONDS = 2.0


def api() -> str | None:
    """Ask /livez on the port this container serves; the reason if it does not answer well, else None."""
    url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}/livez"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_SECONDS):
            return None
    except (urllib.error.URLError, OSError) as error:
        return f"{url}: {error}"


def worker() -> str | None:
    """Look for a reading process of this host with a recent heartbeat; the reason if there is none, else None."""
    from ocrq.errors import BrokerUnavailable
    from tasks.connection import broker_errors, connect
    from tasks.monitoring.heartbeat import Heartbeats
    from tasks.settings import Settings

    host = socket.gethostname()
    try:
        with broker_errors(), connect(Settings(), ANSWER_SECONDS) as client:
            alive = [beat.worker for beat in Heartbeats(client).live() if beat.worker.rpartition(":")[0] == host]
    except BrokerUnavailable as error:
        return error.detail
    return None if alive else f"no reading process of {host} has sent a heartbeat lately"


def control() -> str | None:
    """Ping the control worker of this host, which is never busy; the reason if it does not answer, else None."""
    from kombu.exceptions import OperationalError

    from tasks.celery_app import make_celery
    from tasks.settings import Settings

    nodes = f"control-*@{socket.gethostname()}"  # a node's name has its process's id
    try:
        app = make_celery(Settings(), socket_timeout=ANSWER_SECONDS)
        answers = app.control.ping(timeout=ANSWER_SECONDS, pattern=nodes, matcher="glob", limit=1)
    except (OperationalError, OSError) as error:
        return f"Redis does not answer: {error}"
    return None if answers else f"{nodes} does not answer"


def main(argv: list[str]) -> int:
    """Run the check named by the one argument."""
    checks = {"api": api, "worker": worker, "control": control}
    if len(argv) != 1 or argv[0] not in checks:
        print(f"usage: healthcheck.py {'|'.join(checks)}", file=sys.stderr)
        return 2
    reason = checks[argv[0]]()
    if reason:
        print(reason, file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
