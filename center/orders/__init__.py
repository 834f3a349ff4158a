"""Maintenance orders: a fault that a rule names is assigned, mended under the clocks of a contract, and proved well."""
