"""Pages read by any OpenAI-compatible server."""
