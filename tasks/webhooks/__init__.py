"""Webhooks: a job's end is sent at least once, signed, to a host the operator allows."""
