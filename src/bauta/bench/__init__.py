"""Our models and other trackers on the same clip, side by side."""
