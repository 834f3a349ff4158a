"""Page of the search, with its filters, its map and its plan."""
