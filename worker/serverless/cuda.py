"""Whether the CUDA context of this process is dead: after some faults every later call fails, for good."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger(__name__)


def is_poisoned() -> bool:
    """Ask the GPU for the smallest thing; never raises.

    A kernel that touched what it must not leaves an error in the context that each later call gets back. Being out of
    memory is no such error.
    """
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return False
    try:
        for device in range(torch.cuda.device_count()):
            torch.cuda.synchronize(device)
            torch.ones(1, device=f"cuda:{device}").add_(1).item()
    except torch.OutOfMemoryError:
        return False
    except RuntimeError as error:
        log.critical("the GPU's context is dead: %s", str(error).partition("\n")[0])
        return True
    return False
