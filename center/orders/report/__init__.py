"""Figures of a month: computed by maintainer, written as a sheet, and as a signed PDF."""
