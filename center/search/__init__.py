"""Searches the archive through the cluster: filters, look-alikes, pictures, saved searches, exports."""
