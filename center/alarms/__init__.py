"""Alarms: pure rules over archived rows and device faults; each match is stored once, pushed to pages and handled."""
