"""Benches of the edge and of the engines: redaction, streams, tracking, picture checks, custody."""
