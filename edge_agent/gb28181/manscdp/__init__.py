"""MANSCDP: the XML bodies of SIP messages, read within bounds and mended where devices write them wrong."""
