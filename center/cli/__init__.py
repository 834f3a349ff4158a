"""Defines the commands of `wayside-center` beside `run`."""
