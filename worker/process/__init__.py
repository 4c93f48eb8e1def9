"""The processes of a worker: reading children, the control worker, and when a child is replaced."""
