"""Parse tasks of upload desks: their views and the signed orders to pause and go on."""
