"""One server of the cluster: starts Ray under supervision, waits until it is ready, scales replicas."""
