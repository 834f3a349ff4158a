"""Tells a camera that is covered, blurred, dark, turned or frozen from its previews."""
