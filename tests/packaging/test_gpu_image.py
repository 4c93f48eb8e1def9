"""The GPU image, with a CPU build of torch: the longest install, beside the others' in a file of its own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.images import ROOT, build


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_gpu_image_has_torch_and_transformers(tmp_path: Path) -> None:
    torch, sha256 = _torch_on_offer()
    if "+cpu" not in torch and "%2Bcpu" not in torch:
        pytest.skip(
            f"pip would fetch {torch.rpartition('/')[2]} with gigabytes of CUDA; only a CPU build is tried here"
        )
    name = "deploy/requirements-gpu.txt"
    lock = re.split(r"^(?=\S)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    cpu = [one for one in lock if not one.startswith(("cuda-", "nvidia-", "triton==", "torch=="))]
    gpu = build("Dockerfile.gpu", tmp_path, files={name: "".join([*cpu, f"torch==2.13.0 --hash=sha256:{sha256}\n"])})
    program = "import torch, transformers, worker.main; print(torch.__version__, transformers.__version__)"
    done = gpu.run(["python", "-c", program])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2.13.0")


def _torch_on_offer() -> tuple[str, str]:
    """Where pip would take the pinned torch from, and its SHA-256; nothing is fetched but its metadata."""
    pin = next(
        line for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").split('"') if line[:7] == "torch=="
    )
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-qq",
        "--dry-run",
        "--ignore-installed",
        "--no-deps",
        "--report",
        "-",
    ]
    report = subprocess.run([*pip, pin], capture_output=True, text=True, check=True).stdout
    found = json.loads(report)["install"][0]["download_info"]
    archive = found["archive_info"]
    hashes = archive.get("hashes") or dict([archive["hash"].split("=", 1)])  # pip before 23 gives one, as "sha256=..."
    return str(found["url"]), str(hashes["sha256"])
