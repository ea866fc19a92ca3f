"""From a crop to points."""
