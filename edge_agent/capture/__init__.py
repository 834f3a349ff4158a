"""Captures one camera in a child process: source, motion, selection."""
