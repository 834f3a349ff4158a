"""What can go wrong while a site or the demo is set up. Every text says what, where, and what to do."""


class ProvisioningError(Exception):
    """Base of this package's errors; the command line shows its text as one line and exits with 2."""


class AuthorityError(ProvisioningError):
    """A certificate cannot be issued as asked."""


class BrokerError(ProvisioningError):
    """A broker cannot be configured as asked, or does not run."""


class DemoError(ProvisioningError):
    """The street on one machine cannot be started, or did not hold what it promises."""
