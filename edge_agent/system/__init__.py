"""The agent as a process of its machine: systemd, child processes, and the rights that it drops."""
