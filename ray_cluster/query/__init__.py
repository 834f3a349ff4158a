"""Answers searches over the archive: filters, look-alikes, counts, and the rows behind them."""
