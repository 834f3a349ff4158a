"""Says what a rule is, and matches rules against rows and faults: pure functions, for previews and alarms alike."""
