"""Training of the recogniser for Cyrillic and Greek, and of what tells which script a line is in."""
