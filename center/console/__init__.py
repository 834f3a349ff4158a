"""NiceGUI pages, one page a file."""
