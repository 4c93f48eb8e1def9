"""How the networks of ``worker/layout/weights`` are made: lines of drawn pages, blocks, roles and order."""
