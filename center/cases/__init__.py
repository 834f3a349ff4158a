"""Cases: approve, bound and audit searches of the archive for one stolen machine, by area, span, user and expiry."""
