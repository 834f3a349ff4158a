"""Staged roll-outs: one agent, a share of them, all; stopped at a share of failures, and every agent sent back.

`home.rollout_state` decides, `health` finds an agent's faults, `home.rollouts` stores, `controller` carries out.
"""
