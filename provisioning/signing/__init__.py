"""Signs and verifies documents and statements (Ed25519)."""
