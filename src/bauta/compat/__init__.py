"""Look-alikes of other libraries' interfaces, for code that was written for them."""
