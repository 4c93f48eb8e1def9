"""How a page is read: one pipeline a file."""
