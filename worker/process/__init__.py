"""The processes of a worker: reading children, the control worker, and the replacement of children."""
