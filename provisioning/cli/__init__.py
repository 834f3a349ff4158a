"""`wayside-provision`."""
