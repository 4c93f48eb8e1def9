"""Unexpected exceptions: logged in full under an id; the caller gets the id alone."""

from __future__ import annotations

import logging
import uuid

from ocrq.errors import DiskFull, InternalError, ServiceError
from ocrq.redis_faults import FULL_DISK

_ID_CHARACTERS = 12  # of 32 hexadecimal ones: enough to find a line in a log, short enough to read out


def unexpected(logger: logging.Logger, exception: BaseException, doing: str) -> ServiceError:
    """Log an exception and make the error a caller may see.

    Args:
        logger: Where the traceback goes.
        exception: What was raised.
        doing: What was being done, for the log alone.

    Returns:
        An error with the id that stands in the log, and nothing of the inside; a full disk is reported as such.
    """
    error_id = uuid.uuid4().hex[:_ID_CHARACTERS]
    logger.error("error %s while %s", error_id, doing, exc_info=exception)
    if isinstance(exception, OSError) and exception.errno in FULL_DISK:
        return DiskFull("a disk of the service is full; try again when the operator has made room on it")
    return InternalError(
        f"internal error; give the operator the id {error_id}, which is in the log",
        extra={"error_id": error_id},
    )
