"""The verbs of `wayside-cluster`, one a file. What is slow to import is imported when it is needed."""
