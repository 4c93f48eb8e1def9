"""What `ocrq doctor` looks at: one function a subject, each telling what is there and what to do about what is not."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryFile

from ocrq.cli.checkout import Check, find_checkout
from ocrq.errors import ServiceError
from ocrq.landlock import landlock_version
from stack import machine, redis_probe
from stack.data import DataDir
from stack.environment import EXTRAS, held_model, missing_for_models, missing_modules
from stack.redis_server import find_redis

_GIGABYTE = 1024**3
_LOW_DISK_BYTES = 2 * _GIGABYTE  # a thousand pages of documents, with the append-only log beside them
_PROBE_BYTES = 64 * 1024
_TORCH_SECONDS = 60.0  # its import takes up to ten on a cold disk
# In a process of its own: this package imports no torch.
_ASK_TORCH = """
import torch
print(torch.__version__)
for place in range(torch.cuda.device_count()):
    print(torch.cuda.get_device_name(place))
"""
_OLDEST_PYTHON = (3, 11)
_TESSERACT_SECONDS = 20.0
# Tesseract's models for scripts that the embedded engine has no letters for, and what their Debian packages end in.
_SCRIPT_MODELS = {"Arabic": "arab", "Devanagari": "deva", "Hangul": "hang", "Hebrew": "hebr", "Thai": "thai"}
# What a module is called where packages are listed, where the names differ.
_DISTRIBUTIONS = {"cv2": "opencv-python-headless", "PIL": "pillow", "pydantic_settings": "pydantic-settings"}


def local_checks(environment: Mapping[str, str], data_dir: Path, host: str, port: int) -> Iterator[Check]:
    """Look at this machine; starts nothing and changes nothing but the modification time of the data directory."""
    yield _python()
    yield _code()
    yield from _extras()
    yield from _redis(environment, data_dir)
    yield _data(data_dir)
    yield _port(host, port, data_dir)
    yield _machine(environment)
    yield _models(environment)
    yield _gpu()
    yield _other_scripts()
    yield _decoder()


def _python() -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    good = sys.version_info >= _OLDEST_PYTHON and sys.platform == "linux"
    return Check("Python", "ok" if good else "failed", found, "" if good else "use Python 3.11 or newer on Linux")


def _code() -> Check:
    try:
        return Check("server code", "ok", str(find_checkout(Path.cwd())))
    except ServiceError as error:
        return Check("server code", "failed", "not here", error.detail)


def _extras() -> Iterator[Check]:
    for extra, modules in EXTRAS.items():
        missing = missing_modules((extra,))
        there = ", ".join(_with_version(module) for module in modules if module not in missing)
        needed = extra in {"api", "cpu"}
        if not missing:
            yield Check(f"extra {extra}", "ok", there)
        elif needed:
            command = f"in the checkout, run: pip install -e '.[{extra}]'"
            yield Check(f"extra {extra}", "failed", f"missing: {', '.join(missing)}", command)
        else:
            yield Check(f"extra {extra}", "ok", f"not installed (optional){'; ' + there if there else ''}")


def _with_version(module: str) -> str:
    name = _DISTRIBUTIONS.get(module, module)
    try:
        return f"{name} {metadata.version(name)}"
    except metadata.PackageNotFoundError:
        return name


def _redis(environment: Mapping[str, str], data_dir: Path) -> Iterator[Check]:
    try:
        redis = find_redis(environment)
        warnings = redis_probe.check_external(redis.url) if redis.kind == "external" else []
    except ServiceError as error:
        yield Check("Redis", "failed", "none that can be used", error.detail)
        return
    except ImportError:
        yield Check("Redis", "failed", "cannot be asked", "pip install 'celery[redis]'")
        return
    if redis.durable:
        yield Check("Redis", "ok", f"{redis.name} {redis.executable}".strip())
    else:
        yield Check("Redis", "warning", "fakeredis: slow, and jobs are lost", "install redis-server 6.2 or newer")
    for warning in warnings:
        found, _, remedy = warning.partition("; ")
        yield Check("Redis", "warning", found, remedy)
    if redis.kind == "external":
        yield _writes("Redis", redis.url)
    elif (data_dir / "redis" / "url").exists() and DataDir(data_dir).server.exists():
        yield _writes("Redis of `ocrq up`", (data_dir / "redis" / "url").read_text())


def _writes(subject: str, url: str) -> Check:
    fault = redis_probe.write_fault(url)
    if fault is None:
        return Check(subject, "ok", "takes writes")
    found, _, remedy = fault.detail.partition("; ")
    return Check(subject, "failed", f"takes no writes ({fault.cause}): {found}", remedy)


def _data(data_dir: Path) -> Check:
    existing = next(path for path in (data_dir, *data_dir.parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return Check("data directory", "failed", f"{data_dir} cannot be written", "choose another with OCRQ_DATA_DIR")
    try:
        with TemporaryFile(dir=existing) as probe:
            probe.write(bytes(_PROBE_BYTES))
    except OSError as error:
        remedy = "make room on its disk, or choose another with OCRQ_DATA_DIR"
        return Check("data directory", "failed", f"{data_dir} takes no data ({error.strerror})", remedy)
    free = shutil.disk_usage(existing).free
    found = f"{data_dir}, {free / _GIGABYTE:.1f} GiB free"
    if free < _LOW_DISK_BYTES:
        return Check("data directory", "warning", found, "make room, or choose another with OCRQ_DATA_DIR")
    where = DataDir(data_dir)
    return Check("data directory", "ok", found + (", in use by `ocrq up`" if where.server.exists() else ""))


def _port(host: str, port: int, data_dir: Path) -> Check:
    try:
        machine.check_port(host, port)
    except ServiceError as error:
        server = DataDir(data_dir).server
        if server.exists() and server.read_text(encoding="utf-8").strip().endswith(f":{port}"):
            return Check("port", "ok", f"{port} on {host}, in use by `ocrq up`")
        return Check("port", "warning", f"{port} on {host} is taken", error.detail.partition("; ")[2])
    return Check("port", "ok", f"{port} on {host} is free")


def _machine(environment: Mapping[str, str]) -> Check:
    cpus, memory = machine.usable_cpus(), machine.available_bytes()
    workers = machine.default_workers(held_model(environment))
    found = f"{cpus} processors, {memory / _GIGABYTE:.1f} GiB of memory free: {workers} workers by default"
    if memory < machine.WORKER_BYTES:
        return Check("machine", "warning", found, "a worker takes up to 1 GiB; end something else first")
    return Check("machine", "ok", found)


def _models(environment: Mapping[str, str]) -> Check:
    model = environment.get("OCRQ_MODEL") or "rapidocr"
    if model == "fake":
        return Check("model", "ok", "fake: reads nothing real, for tests")
    if model not in {"rapidocr", "rapidocr-tiny"}:
        if missing := missing_for_models(environment):
            found, _, remedy = missing.partition("; ")
            return Check("model", "warning", found, remedy)
        if environment.get("OCRQ_OPENAI_URL"):
            return Check("model", "ok", f"{model}: read by this machine, or by the server at OCRQ_OPENAI_URL")
        where = "in that directory" if (Path(model) / "config.json").is_file() else "loaded from the hub or its cache"
        return Check("model", "ok", f"{model}: {where} when the worker starts")
    spec = importlib.util.find_spec("rapidocr")
    files = list((Path(spec.origin).parent / "models").glob("*.onnx")) if spec and spec.origin else []
    if not files:
        return Check("model", "failed", "rapidocr's models are not here", "pip install --force-reinstall rapidocr")
    size = sum(file.stat().st_size for file in files) / 1e6
    return Check("model", "ok", f"{model}, {len(files)} files of {size:.0f} MB in the package")


def _decoder() -> Check:
    version = landlock_version()
    if version:
        return Check("decoder", "ok", f"confined by Landlock (version {version})")
    return Check(
        "decoder",
        "warning",
        "not confined: this kernel has no Landlock",
        "use Linux 5.13 or newer, with landlock among its security modules",
    )


def _gpu() -> Check:
    if importlib.util.find_spec("torch") is None:
        return Check("GPU", "ok", "torch is not installed: reading runs on the CPU")
    try:
        listed = subprocess.run(
            [sys.executable, "-c", _ASK_TORCH], capture_output=True, text=True, timeout=_TORCH_SECONDS, check=True
        )
        version, *names = listed.stdout.splitlines()
    except (subprocess.SubprocessError, ValueError):
        return Check(
            "GPU", "warning", "torch is installed and cannot be imported", "pip install --force-reinstall torch"
        )
    if not names:
        return Check("GPU", "ok", f"torch {version} sees no GPU: reading runs on the CPU")
    return Check("GPU", "ok", f"torch {version}: {', '.join(names)}")


def _other_scripts() -> Check:
    """Optional: documents are read without it, and their lines in these scripts are named as lost."""
    there: set[str] = set()
    if shutil.which("tesseract"):
        try:
            done = subprocess.run(
                ["tesseract", "--list-langs"], capture_output=True, text=True, timeout=_TESSERACT_SECONDS, check=True
            )
            there = {line.rpartition("/")[2] for line in done.stdout.split()} & set(_SCRIPT_MODELS)
        except (subprocess.SubprocessError, OSError):
            return Check("other scripts", "warning", "tesseract does not start", "reinstall tesseract-ocr")
    missing = sorted(set(_SCRIPT_MODELS) - there)
    if not missing:
        return Check("other scripts", "ok", f"{', '.join(sorted(there))}, by tesseract")
    packages = " ".join(f"tesseract-ocr-script-{_SCRIPT_MODELS[name]}" for name in missing)
    found = f"not installed (optional): {', '.join(missing)}"
    return Check("other scripts", "ok", found, f"to read them: sudo apt-get install tesseract-ocr {packages}")
