"""Boxes, affine maps, rotations and alignment on plain arrays."""
