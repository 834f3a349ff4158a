"""Staged roll-outs: one agent, a share of them, all; stopped at a share of failures, and everybody sent back.

`state` decides, `health` says what is wrong with an agent, `book` keeps it, `conductor` makes it so.
"""
