"""To look at while tracking: a window, or a page for the browser of this machine.

Both are sinks that never make the tracker wait: they draw in threads of their own, the newest frame
wins, and what is not looked at is not drawn.
"""
