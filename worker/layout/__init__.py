"""Reading order: from the quads of an upright page to blocks, rows and the text as a person would read it."""

from worker.layout.order import arrange
from worker.layout.text import compose_text

__all__ = ["arrange", "compose_text"]
