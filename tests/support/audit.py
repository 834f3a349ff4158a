"""The audit of `wayside-edge redact --evaluate`, under the name that the scenarios know it by."""

from edge_agent.redaction.audit import Audit, Image
from edge_agent.redaction.overlap import overlapping

__all__ = ["Audit", "Image", "overlapping"]
