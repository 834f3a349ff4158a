"""What can go wrong while a site or the demo is set up. Every text says what, where, and what to do."""


class ProvisioningError(Exception):
    """Base of this package's errors; the command line shows its text as one line and exits with 2."""


class AuthorityError(ProvisioningError):
    """A certificate cannot be issued as asked."""


class BrokerError(ProvisioningError):
    """A broker cannot be configured as asked, or does not run."""


class DemoError(ProvisioningError):
    """The street on one machine cannot be started, or did not hold what it promises."""


class RegisterError(ProvisioningError):
    """The register cannot be used, or knows nothing of what was named, or knows it otherwise."""


class HomeError(ProvisioningError):
    """The folder of provisioning is not there, is there already, or is not usable."""


class EnrolmentRefused(ProvisioningError):
    """A box may not become an agent as it asks.

    Attributes:
        error: the word for programs of `contracts.enrolment.Problem`.
    """

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


class ClusterPlanError(ProvisioningError):
    """Servers that do not make a cluster: a role that is nobody's, an address that is none."""


class CameraListError(ProvisioningError):
    """A list of cameras, or one value in it, is of no use. The text never holds what a cell holds."""


class DiscoveryError(ProvisioningError):
    """What is to be looked for cannot be: an address that is none, a network that is not here."""


class AcceptanceError(ProvisioningError):
    """A site cannot be judged by what was given."""


class ReleaseError(ProvisioningError):
    """A release archive cannot be made as asked."""


class RolloutError(ProvisioningError):
    """A roll-out cannot be begun or changed as asked."""
