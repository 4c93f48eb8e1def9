"""From bytes to upright pages."""
