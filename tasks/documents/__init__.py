"""From a caller's request to a checked one with its bytes stored."""
