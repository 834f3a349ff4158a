"""The home of a county: its agents, cameras, documents and settings, on the administrator's disk."""
