"""Single pictures that the agent asks a camera for, in place of a stream."""
