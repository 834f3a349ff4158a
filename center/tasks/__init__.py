"""Shows parse tasks of upload desks, and signs the orders to pause and resume them."""
