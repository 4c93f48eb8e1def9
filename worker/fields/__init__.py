"""Structured extraction: what a schema asks for, found on the page, with its evidence. Pure functions."""
