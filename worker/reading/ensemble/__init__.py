"""Several readings of one line made into one: variants of its crop, their alignment, the vote."""

from worker.reading.ensemble.lattice import Lattice
from worker.reading.ensemble.variants import VARIANTS, Variant

__all__ = ["VARIANTS", "Lattice", "Variant"]
