"""A checkpoint's files: in a local directory, the hub's cache, or the hub, with a short timeout.

Only weights in safetensors, configurations and vocabularies are fetched; never code.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from ocrq.errors import ModelUnavailable
from tasks.catalogue import is_local

TIMEOUT_SECONDS = 5.0  # of the hub's first answer, so that the fallback reads soon where the hub is unreachable
FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
_REMEDY = "check that the name is right and the hub can be reached, or put the files on this machine"

log = logging.getLogger(__name__)


def checkpoint(name: str, *, fetch: bool = True) -> Path:
    """The directory with a model's files, fetched from the hub (``HF_ENDPOINT``) where they are not on this machine.

    Args:
        name: A local directory, or a name on the hub. The operator's list allowed it.
        fetch: Whether it may be fetched from the hub.

    Raises:
        ModelUnavailable: The hub does not answer, may not be used, or has no such model.
    """
    if is_local(name):
        return Path(name)
    directory = _cached(name)
    if directory is None and not fetch:
        raise ModelUnavailable(f"{name} is not on this machine, and OCRQ_FETCH_MODELS lacks it", field="model_name")
    return directory or _fetched(name)


def _cached(name: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        directory = Path(snapshot_download(name, allow_patterns=FILES, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return directory if is_complete(directory) else None


def _fetched(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        _check_reachable(name)
        log.info("fetching %s from the model hub", name)
        directory = Path(snapshot_download(name, allow_patterns=FILES, etag_timeout=TIMEOUT_SECONDS))
    except RepositoryNotFoundError:
        raise _unavailable(f"the model hub has no {name}") from None
    except OfflineModeIsEnabled:
        raise _unavailable(f"{name} is not on this machine, and fetching is switched off") from None
    except Exception as error:  # network, disk or hub: the classes change with the hub's library
        log.warning("%s could not be fetched: %s", name, error)
        raise _unavailable(f"{name} could not be fetched from the model hub") from None
    if not is_complete(directory):
        raise _unavailable(f"{name} has no weights in safetensors on the model hub")
    return directory


def _check_reachable(name: str) -> None:
    """Check that the hub answers: its library has no timeout for a server that accepts and sends nothing."""
    from huggingface_hub import constants, is_offline_mode
    from huggingface_hub.errors import OfflineModeIsEnabled

    if is_offline_mode():
        raise OfflineModeIsEnabled
    import httpx

    httpx.head(f"{constants.ENDPOINT}/api/models/{name}", timeout=TIMEOUT_SECONDS)


def _unavailable(detail: str) -> ModelUnavailable:
    return ModelUnavailable(f"{detail}; {_REMEDY}", field="model_name")


def is_complete(directory: Path) -> bool:
    """Whether a directory has a configuration and all weights in safetensors."""
    if not (directory / "config.json").is_file():
        return False
    index = directory / "model.safetensors.index.json"
    if not index.is_file():
        return any(directory.glob("*.safetensors"))
    shards = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
    return all((directory / shard).is_file() for shard in shards)


def weights_bytes(directory: Path) -> int:
    """Bytes of a checkpoint's weights on disk, about the same as in memory."""
    return sum(path.stat().st_size for path in directory.glob("*.safetensors"))
