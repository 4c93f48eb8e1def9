"""`ocrq keys`: make API keys for a server."""

from __future__ import annotations

import json

import click

from ocrq.keys import NAME, SCOPES, Scope, hashed_entry, new_secret


@click.group()
def keys() -> None:
    """Create API keys for a server."""


@keys.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    help="A scope of the key; repeatable.  [default: read and submit]",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object with `key` and `entry`.")
def new(name: str, scopes: tuple[Scope, ...], as_json: bool) -> None:
    """Create a key for NAME, and the server's entry for it.

    The key is shown once and stored nowhere; the entry contains only its digest. No server is changed: add the entry to
    OCRQ_API_KEYS or OCRQ_API_KEYS_FILE, and restart the API.
    """
    if not NAME.fullmatch(name):
        raise click.BadParameter("takes letters, digits, '.', '_' and '-', at most 64", param_hint="NAME")
    secret = new_secret()
    entry = hashed_entry(name, secret, tuple(dict.fromkeys(scopes)))
    if as_json:
        click.echo(json.dumps({"key": secret, "entry": entry}))
        return
    click.echo(f"key    {secret}")
    click.echo(f"entry  {entry}")
    click.echo("The key is for its user, the entry for the server; in 'single quotes' if a shell reads it.", err=True)
