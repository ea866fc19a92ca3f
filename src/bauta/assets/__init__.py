"""Weights that ship, each with its card."""
