"""Draws jobs and the dialog that orders them, for the pages of tasks and cases."""
