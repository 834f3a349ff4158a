"""The home's own checks: status, secrets on disk, and the doctor."""
