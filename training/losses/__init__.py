"""The network that sees what a page has lost is trained here."""
