"""Whether a request's webhook is allowed: checked when the job is accepted, over every interface."""

from __future__ import annotations

from ocrq.errors import InvalidRequest
from tasks.outbound.hosts import AllowList
from tasks.settings import Settings


def allowed_webhook(url: str | None, settings: Settings) -> str | None:
    """The request's webhook, if there is one and it is allowed. Its name is resolved when it is sent.

    Raises:
        InvalidRequest: Webhooks are not configured, or its host is not on the operator's list.
    """
    if url is None:
        return None
    if not settings.sends_webhooks:
        raise InvalidRequest(
            "webhook: this server sends none; leave webhook out and poll the job. A server with a queue sends them "
            "once its operator has set OCRQ_WEBHOOK_SECRET and OCRQ_WEBHOOK_HOSTS",
            field="webhook",
        )
    AllowList.parse(settings.webhook_hosts).target(url)
    return url
