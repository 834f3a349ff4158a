"""Updates of the software: signed orders, the checks before a version is kept, and the way back."""
