"""Converts published weights to ONNX when they are fetched."""
