"""The catalogue of models: where they come from, how they are fetched and checked."""
