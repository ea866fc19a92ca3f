"""Rendered heads: every part of the picture is made from numbers."""
