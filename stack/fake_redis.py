"""fakeredis as a server, for a machine without any Redis: slow, no password, and everything is lost when it ends.

python -m stack.fake_redis PORT
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """Serve on loopback until SIGTERM."""
    from fakeredis import TcpFakeServer

    def end(_number: int, _frame: FrameType | None) -> None:
        os._exit(0)  # its handler threads wait for their clients for ever

    signal.signal(signal.SIGTERM, end)
    server = TcpFakeServer(("127.0.0.1", int(sys.argv[1])), server_type="redis", server_version=(7, 0))
    server.serve_forever()


if __name__ == "__main__":
    main()
