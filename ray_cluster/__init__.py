"""Parse, check, archive and answer. Everything that Ray runs."""
