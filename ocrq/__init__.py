"""ocrq: OCR as a task queue. Everything another service imports is in this package."""

__version__ = "0.2.0"
