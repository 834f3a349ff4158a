"""Who may do and see what: accounts, sessions, tokens, second factors, permissions and districts."""
