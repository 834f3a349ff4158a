"""Draws maintenance orders: for those who assign them, and for the technician's telephone."""
