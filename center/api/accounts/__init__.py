"""Routes of access: sessions, one's own account, users, and the districts in which roles are given."""
