"""Publishes each closed month of the assessment as a signed document."""
