"""Several readings of one line made into one: variants of its crop, their alignment, the vote."""

from worker.ensemble.lattice import Lattice
from worker.ensemble.variants import VARIANTS, Variant

__all__ = ["VARIANTS", "Lattice", "Variant"]
