"""The audit of `wayside-edge redact --evaluate`, under the name that the scenarios know it by."""

from edge_agent.evaluation.audit import Audit, Image
from edge_agent.evaluation.overlap import overlapping

__all__ = ["Audit", "Image", "overlapping"]
