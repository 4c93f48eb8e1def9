"""What a receiver of webhooks needs: the headers' names, and whether a notice really comes from the server.

if not verify(SECRET, request.get_data(), request.headers[SIGNATURE_HEADER]):
    abort(400)
"""

from __future__ import annotations

import hashlib
import hmac
import time

SIGNATURE_HEADER = "Ocrq-Signature"
"""``t=<seconds since the epoch>,v1=<HMAC-SHA256 in hex>``; further parts are to be ignored."""

DELIVERY_HEADER = "Ocrq-Delivery"
"""The notice's id, the same each time it is sent: a receiver that has seen it need not act again."""

TOLERANCE_SECONDS = 300.0  # what clocks may differ by, and how long a notice that was overheard can be sent again


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """The signature header of a notice.

    Args:
        secret: Shared by the server and the receiver.
        body: The bytes as they are sent.
        timestamp: Seconds since the epoch.
    """
    return f"t={timestamp},v1={_digest(secret, body, str(timestamp))}"


def verify(
    secret: str, body: bytes, header: str, tolerance: float = TOLERANCE_SECONDS, *, now: float | None = None
) -> bool:
    """Whether a notice comes from who knows the secret, and was sent just now. Takes the same time for any guess.

    Args:
        secret: The server's ``OCRQ_WEBHOOK_SECRET``.
        body: The bytes as they came, before any JSON is read from them.
        header: The value of ``Ocrq-Signature``.
        tolerance: Seconds the notice's timestamp may be away from now.
        now: Seconds since the epoch; this machine's clock if not given.

    Returns:
        False for a header that is malformed, too old, from the future, or of another secret or body.
    """
    parts = [part.strip().partition("=") for part in header.split(",")]
    timestamps = [value for name, _, value in parts if name == "t"]
    if len(timestamps) != 1 or not (timestamps[0].isascii() and timestamps[0].isdigit()):
        return False
    expected = _digest(secret, body, timestamps[0]).encode()
    signed = [hmac.compare_digest(expected, value.encode()) for name, _, value in parts if name == "v1"]
    age = (time.time() if now is None else now) - int(timestamps[0])
    return any(signed) and abs(age) <= tolerance


def _digest(secret: str, body: bytes, timestamp: str) -> str:
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
