"""The command line of an upload desk: `wayside-edge ingest` and its relatives."""
