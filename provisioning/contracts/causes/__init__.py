"""Causes and remedies that agents report as codes: the words of each code in every language of the product."""
