"""What nobody foresaw: logged in full under an id, told to the caller by that id alone."""

from __future__ import annotations

import logging
import uuid

from ocrq.errors import InternalError

_ID_CHARACTERS = 12  # of 32 hexadecimal ones: enough to find a line in a log, short enough to read out


def unexpected(logger: logging.Logger, exception: BaseException, doing: str) -> InternalError:
    """Log an exception and make the error a caller may see.

    Args:
        logger: Where the traceback goes.
        exception: What was raised.
        doing: What was being done, for the log alone.

    Returns:
        An error with the id that stands in the log, and nothing of the inside.
    """
    error_id = uuid.uuid4().hex[:_ID_CHARACTERS]
    logger.error("error %s while %s", error_id, doing, exc_info=exception)
    return InternalError(
        f"something went wrong inside; tell the operator the id {error_id}, which is in the log",
        extra={"error_id": error_id},
    )
