"""Reading without a queue of ours: behind RunPod's job loop, or in one process with the HTTP routes."""
