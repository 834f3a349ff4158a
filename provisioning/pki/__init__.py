"""The certificate authority: identities, expiry, revocation, and an intermediate under a root of the customer."""
