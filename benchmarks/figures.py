"""Every figure of the whole stack in one go: ``python -m benchmarks.figures MANIFEST [--write]``, on a machine at rest.

Prints Markdown: reading beside RapidOCR and Tesseract on twelve receipts, plain and robust, starting, what a job costs,
and how the queue scales. With ``--write`` the tables also go into the guides, between their ``<!-- figures … -->``.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
GUIDES = ("README.md", "docs/speed.md", "docs/scale.md")
RECEIPTS = ("--kind", "receipt", "--limit", "12")


@dataclass(frozen=True)
class Part:
    """One benchmark.

    Attributes:
        name: In the guides' ``<!-- figures: NAME -->``.
        module: That is run.
        takes_manifest: Whether the manifest is its first argument.
        options: Further arguments.
    """

    name: str
    module: str
    takes_manifest: bool = False
    options: tuple[str, ...] = ()


PARTS = (
    Part("stack", "benchmarks.stack", True, (*RECEIPTS, "--rounds", "2")),
    Part(
        "robust",
        "benchmarks.stack",
        True,
        (*RECEIPTS, "--robust", "--without", "rapidocr-openvino", "--without", "rapidocr-tiny"),
    ),
    Part("start", "benchmarks.start"),
    Part("drain", "benchmarks.drain"),
    Part("scale", "benchmarks.scale"),
)


@click.command()
@click.argument("manifest", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--write", is_flag=True, help="Put the tables into the guides.")
@click.option(
    "--only", "names", multiple=True, type=click.Choice([part.name for part in PARTS]), help="Again for more."
)
def main(manifest: Path, write: bool, names: tuple[str, ...]) -> None:
    """Run one benchmark after the other on MANIFEST, documents with ground truth and their scorer."""
    for part in PARTS:
        if names and part.name not in names:
            continue
        arguments = [str(manifest)] if part.takes_manifest else []
        command = [sys.executable, "-m", part.module, *arguments, *part.options]
        printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
        click.echo(f"\n## {part.name}\n\n{printed}")
        if write:
            for guide in GUIDES:
                path = ROOT / guide
                path.write_text(replaced(path.read_text(encoding="utf-8"), part.name, printed), encoding="utf-8")


def replaced(guide: str, name: str, figures: str) -> str:
    """A guide with what stands between ``<!-- figures: NAME -->`` and ``<!-- end of figures -->`` replaced."""
    between = re.compile(rf"(<!-- figures: {name} -->\n).*?(<!-- end of figures -->)", re.DOTALL)
    return between.sub(lambda found: f"{found[1]}\n{figures}\n\n{found[2]}", guide)


if __name__ == "__main__":
    main()
