"""Pages of agents and cameras, live and one by one."""
