"""From lines on a page to text in the order a person reads it."""
