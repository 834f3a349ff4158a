"""Soaks: thirty cameras and ten thousand devices, for as long as it takes."""
