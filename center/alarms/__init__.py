"""Alarms: rules over what the centre hears, as pure functions; what they find, stored once, pushed, and acted upon."""
