"""``python -m tests.live.runpod.dying_standalone``: standalone, over an engine whose GPU fails."""

from pathlib import Path

import worker.engines
from standalone import main

worker.engines.__path__.insert(0, str(Path(__file__).with_name("engines")))

if __name__ == "__main__":
    main()
