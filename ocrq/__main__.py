"""``python -m ocrq`` is the ``ocrq`` command."""

from ocrq.cli import main

if __name__ == "__main__":
    main()
