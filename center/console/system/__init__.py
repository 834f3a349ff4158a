"""Pages of the whole: overview, pipeline, assessment, tasks, settings."""
