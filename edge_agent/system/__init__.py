"""The agent as a process of its machine: systemd, children, and what it gives up of its rights."""
