"""Models in memory: registry, loading, memory budget and out-of-memory handling."""
