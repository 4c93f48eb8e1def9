"""The mean of several runs' weights: ``python -m training.average first.npz second.npz --out mean.npz``.

After Wortsman et al., "Model soups", arXiv:2203.05482: runs that began from the same weights err less in their mean.
"""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np


@click.command()
@click.argument("runs", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Weights, .npz.")
def main(runs: tuple[Path, ...], out: Path) -> None:
    """Average the weights of RUNS, which name the same ones."""
    loaded = [dict(np.load(run, allow_pickle=False)) for run in runs]
    means = {name: np.mean([one[name].astype(np.float32) for one in loaded], axis=0) for name in loaded[0]}
    with out.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{name: mean.astype(np.float16) for name, mean in means.items()})


if __name__ == "__main__":
    main()
