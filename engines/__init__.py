"""Models: their catalog, their runtimes, and pure code before and after them."""
