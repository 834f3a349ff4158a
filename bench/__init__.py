"""Side-by-side measurements: every figure beside a baseline in the same run, so that a slow machine slows both."""
