"""Every figure of the whole stack in one go: ``python -m benchmarks.figures MANIFEST``, on a machine at rest.

Prints Markdown as it stands in the README, ``docs/scale.md`` and ``docs/speed.md``: reading beside RapidOCR and
Tesseract on twelve receipts, starting, what a job costs, and how the queue scales.
"""

from __future__ import annotations

import subprocess
import sys

RECEIPTS = ("--kind", "receipt", "--limit", "12", "--rounds", "2")
PARTS = {
    "Twelve receipts": ("benchmarks.stack", True, RECEIPTS),
    "Twelve receipts, robust": (
        "benchmarks.stack",
        True,
        (*RECEIPTS[:4], "--robust", "--without", "rapidocr-openvino"),
    ),
    "Start": ("benchmarks.start", False, ()),
    "A job that does nothing": ("benchmarks.drain", False, ()),
    "Pages and workers": ("benchmarks.scale", False, ()),
}
"""Heading to module, whether it takes the manifest, and its options."""


def main() -> None:
    """Run one after the other; a part that fails does not keep the next from running."""
    if len(sys.argv) != 2:
        raise SystemExit("give the manifest of documents with ground truth: python -m benchmarks.figures MANIFEST")
    for heading, (module, takes_manifest, options) in PARTS.items():
        print(f"\n## {heading}\n", flush=True)
        path = sys.argv[1:] if takes_manifest else []
        subprocess.run([sys.executable, "-m", module, *path, *options], check=False)


if __name__ == "__main__":
    main()
