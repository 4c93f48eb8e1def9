"""Reading without Redis: in RunPod's job loop, or in one process with the HTTP routes."""
