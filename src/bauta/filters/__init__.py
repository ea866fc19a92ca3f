"""Filters on any array, with time in seconds."""
