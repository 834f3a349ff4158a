"""MANSCDP, common to both of its ends: the charset, and XML read within bounds, mended where it is malformed."""
