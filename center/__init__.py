"""What people use: API and console over the archive that `ray_cluster.query.reader` serves."""
