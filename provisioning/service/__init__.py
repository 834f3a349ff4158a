"""The provisioning service: enrolment, delivery and roll-outs in one process, with its metrics."""
