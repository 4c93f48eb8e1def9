"""Whether the CUDA context of this process is lost: after some faults every later call fails."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger(__name__)


def has_lost_its_gpu() -> bool:
    """Run a minimal computation on the GPU; never raises.

    An invalid memory access in a kernel leaves an error in the context that every later call returns. Out of memory
    does not.
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
        log.critical("the GPU's context is lost: %s", str(error).partition("\n")[0])
        return True
    return False
