"""The HTTP side: routes, uploads, problems and the web page."""
