"""The core: settings, Celery app, ledger, blobs and task functions. Imports ocrq, and neither app nor worker."""
