"""Files that survive a power cut: durable writing, TOML, encrypted backups."""
