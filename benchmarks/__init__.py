"""How fast things are, each measured against what one would use instead."""
