"""The ``ocrq up`` that runs on this machine: where it keeps its data, and the URL it left there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ocrq.cli.http_probe import status

URL_FILE = "server"
"""In the data directory: holds the API's URL while the stack is up."""


def default_data_dir(environment: Mapping[str, str]) -> Path:
    """``OCRQ_DATA_DIR``, else ``ocrq`` under ``XDG_DATA_HOME``, else ``~/.local/share/ocrq``."""
    if given := environment.get("OCRQ_DATA_DIR"):
        return Path(given).expanduser().absolute()
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path("~/.local/share").expanduser()).absolute() / "ocrq"


def running_server(data_dir: Path) -> str | None:
    """The URL of the stack that runs on a data directory; None if none does.

    A file that a killed supervisor left does not count: the API must answer.
    """
    try:
        url = (data_dir / URL_FILE).read_text().strip()
    except OSError:
        return None
    return url if status(f"{url}/livez") == 200 else None
