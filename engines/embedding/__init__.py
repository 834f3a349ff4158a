"""Crops machines and embeds them as vectors. Persons are never embedded."""
