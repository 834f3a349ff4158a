"""`wayside-engines`: fetches, tries, compares and calibrates models."""
