"""Training and export: the only place that imports torch (extra `train`)."""
