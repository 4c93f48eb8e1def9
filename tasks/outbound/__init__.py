"""Calls to hosts that callers name: the operator's list of hosts, and which of their addresses may be connected to."""
