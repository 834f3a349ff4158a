"""The evaluation set of docs/evaluation.md: built by code from photographs in packages and labels drawn by hand."""
