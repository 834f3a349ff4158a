"""Authenticates and authorises users: accounts, sessions, tokens, second factors, permissions and districts."""
