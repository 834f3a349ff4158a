"""Benches of the cluster: intake, parser, archive, search, loss of a server."""
