"""Summaries of the machines of windows that are over: a search by attribute opens no window that has no match."""
