"""`ocrq webhooks`: the deliveries that were given up, and how to send them again."""

from __future__ import annotations

import json

import click

from ocrq.cli.exits import EXIT_CODES, OK
from ocrq.cli.jobs import server_client
from ocrq.cli.options import server_options


@click.group(epilog=EXIT_CODES)
def webhooks() -> None:
    """List webhook deliveries that finally failed, or send them again."""


@webhooks.command()
@click.option("--json", "as_json", is_flag=True, help="As a list of deliveries.")
@server_options
def dead(as_json: bool, server: str | None, api_key: str | None) -> int:
    """List the deliveries that finally failed, latest first."""
    with server_client(server, api_key) as client:
        found = client.dead_deliveries()
    if as_json:
        click.echo(json.dumps([delivery.model_dump(mode="json") for delivery in found], indent=2))
        return OK
    for delivery in found:
        click.echo(f"{delivery.id}  job {delivery.job_id} {delivery.status}, to {delivery.host}")
        click.echo(f"  {delivery.tries} tries; {delivery.last_error}")
    return OK


@webhooks.command()
@click.argument("delivery_id", metavar="ID")
@server_options
def retry(delivery_id: str, server: str | None, api_key: str | None) -> int:
    """Send the delivery ID again, with all its attempts."""
    with server_client(server, api_key) as client:
        client.retry_delivery(delivery_id)
    click.echo(f"{delivery_id} is sent again")
    return OK
