"""Commands of `wayside-center` beside `run`."""
