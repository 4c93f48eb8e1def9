"""One life of a job: admitted, queued, followed, cancelled, batched, expired."""
