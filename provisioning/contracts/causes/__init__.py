"""Causes and remedies that agents and provisioning report as codes: the words of each code in every language."""
