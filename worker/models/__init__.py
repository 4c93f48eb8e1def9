"""Models in memory: found, loaded once a process, bounded, and what happens when memory runs out."""
