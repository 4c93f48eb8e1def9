"""Kinds of values, one a file: each finds its candidates on a page."""
