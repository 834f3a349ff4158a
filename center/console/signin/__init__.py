"""Pages before a session: log-in, identity provider, set-up."""
