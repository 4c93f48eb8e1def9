"""Heartbeats, health, and which models the workers have."""
