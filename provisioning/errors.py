"""Errors of provisioning and the demo. Every text says what, where, and what to do."""


class ProvisioningError(Exception):
    """Base of this package's errors; the command line shows its text as one line and exits with 2."""


class AuthorityError(ProvisioningError):
    """A certificate cannot be issued as asked."""


class BrokerError(ProvisioningError):
    """A broker cannot be configured as asked, or does not run."""


class DemoError(ProvisioningError):
    """The demo's street cannot be started, or its counts do not add up."""


class RegisterError(ProvisioningError):
    """The register cannot be used, has no such entry, or has a different one."""


class HomeError(ProvisioningError):
    """The folder of provisioning is missing, exists already, or is not usable."""


class EnrolmentRefused(ProvisioningError):
    """A box is refused enrolment.

    Attributes:
        error: the code for programs of `contracts.fleet.enrolment.Problem`.
    """

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


class ClusterPlanError(ProvisioningError):
    """The servers do not make a cluster: a role has no server, or an address is invalid."""


class CameraListError(ProvisioningError):
    """A list of cameras, or one value in it, is of no use. The text never holds the content of a cell."""


class DiscoveryError(ProvisioningError):
    """A search is impossible: an invalid address, or a network that this machine is not on."""


class AcceptanceError(ProvisioningError):
    """A site, or the system, cannot be judged from the given files; or its record cannot be written."""


class ReleaseError(ProvisioningError):
    """A release archive cannot be made as asked."""


class RolloutError(ProvisioningError):
    """A roll-out cannot be started or changed as asked."""
