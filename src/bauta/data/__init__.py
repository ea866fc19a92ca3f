"""Readers of data sets, and how their people are split. Never imports torch."""
