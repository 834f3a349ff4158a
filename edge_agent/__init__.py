"""Near the cameras: pull, select, redact, spool, publish. Nothing raw leaves this process."""
