"""The open connections of a server process: how many, from where, and which one is missed least."""

from __future__ import annotations

from collections import Counter

from app.http_connection import Connection, Phase

ARRIVING_BYTES = 1024**3  # of bodies on their way, in temporary files


class ConnectionTable:
    """See the module.

    Args:
        most: Connections.
        most_of_one: Of one address.
    """

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._open: set[Connection] = set()
        self._of_address: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._open

    def add(self, connection: Connection) -> None:
        """A connection is open."""
        self._open.add(connection)
        self._of_address[connection.client[0]] += 1

    def remove(self, connection: Connection) -> None:
        """A connection is closed."""
        if connection in self._open:
            self._open.remove(connection)
            address = connection.client[0]
            self._of_address[address] -= 1
            if not self._of_address[address]:
                del self._of_address[address]

    def to_close(self, address: str) -> Connection | None:
        """The connection to be closed before one more of an address is taken, if there are as many as may be.

        Raises:
            OverflowError: All that could be closed are being served.
        """
        if self._of_address[address] >= self._most_of_one:
            return self.least_missed(address)
        return self.least_missed() if len(self._open) >= self._most else None

    def least_missed(self, address: str | None = None) -> Connection:
        """The connection to be closed first where there is no room, of one address or of all.

        Raises:
            OverflowError: All are being served.
        """
        waiting = [one for one in self._open if one.phase is not Phase.SERVED and address in (None, one.client[0])]
        if not waiting:
            raise OverflowError
        return min(waiting, key=lambda one: (one.phase, one.since))

    def late(self, now: float, stopping: bool) -> list[Connection]:
        """Connections whose phase should have ended."""
        return [one for one in self._open if one.phase is not Phase.SERVED and one.ends(stopping) <= now]

    def excess_idle(self) -> Connection | None:
        """Of bodies that arrive, if it is more than may: the newest of the address that sends most."""
        arriving = [(one, one.body.size) for one in self._open if one.phase is Phase.BODY and one.body]
        sizes: Counter[str] = Counter()
        for one, size in arriving:
            sizes[one.client[0]] += size
        if sizes.total() <= ARRIVING_BYTES:
            return None
        most = sizes.most_common(1)[0][0]
        return max((one for one, _ in arriving if one.client[0] == most), key=lambda one: one.since)
