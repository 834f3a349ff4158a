"""Ten thousand simulated GB/T 28181 devices, kept alive by one agent's platform, over restarts of it."""
