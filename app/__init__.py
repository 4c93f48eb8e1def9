"""The HTTP side: one Flask application over whatever Backend runs the jobs."""

from app.application import create_app

__all__ = ["create_app"]
