"""Records what agents report and how cameras fare as facts by the hour, which all verdicts are computed from."""
