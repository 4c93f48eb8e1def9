"""The embedded stack: Redis, the API and the workers as processes of one machine, started, watched and stopped."""
