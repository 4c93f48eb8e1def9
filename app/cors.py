"""Pages of other origins: none may call, but those the operator names (CORS)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask
from flask_cors import CORS

from app.authorization import HEADER

_SENT = ("Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "Prefer", HEADER)
_SHOWN = ("Location", "Preference-Applied", "Retry-After", "WWW-Authenticate")
_REMEMBERED_SECONDS = 600  # what a browser need not ask again; some keep it for no longer


def allow_origins(app: Flask, origins: Sequence[str]) -> None:
    """Let pages of these origins call, with a key in a header; never with cookies, of which there are none."""
    if origins:
        CORS(
            app,
            origins=list(origins),
            methods=["GET", "POST", "DELETE"],
            allow_headers=list(_SENT),
            expose_headers=list(_SHOWN),
            max_age=_REMEMBERED_SECONDS,
            always_send=False,  # an answer to no origin names none
        )
