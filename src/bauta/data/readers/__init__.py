"""One module a family of data sets: `read(root, subset)` gives its samples, pictures lazily."""
