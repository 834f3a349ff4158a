"""The console under load, in a real browser."""
