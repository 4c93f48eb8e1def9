"""``python -m tests.live.faults.faulty_worker``: a reading worker whose engine is the faulty one."""

from pathlib import Path

import worker.engines
from worker.__main__ import main

worker.engines.__path__.insert(0, str(Path(__file__).parent / "engines"))

if __name__ == "__main__":
    main()
