"""Serves people: the console and the API over the archive that `ray_cluster.query.reader` serves."""
