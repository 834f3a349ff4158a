"""Recordings and folders of pictures, played as if they were live."""
