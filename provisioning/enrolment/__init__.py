"""The enrolment service: bundles that technicians carry, and the HTTPS that agents enrol over."""
