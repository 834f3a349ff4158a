"""The archive on disk: LanceDB day tables, packs of pictures, windows against duplicates, fencing."""
