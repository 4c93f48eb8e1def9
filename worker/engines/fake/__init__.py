"""Fixed, instant readings, for tests and load tests."""
