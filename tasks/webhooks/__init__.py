"""Webhooks: who asked to be told when a job ends is told at least once, signed, at a host the operator allows."""
