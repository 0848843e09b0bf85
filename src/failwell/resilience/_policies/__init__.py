"""Strategies composed in the one right order."""

from failwell.resilience._policies._policy import POLICIES, Policy

__all__ = ["POLICIES", "Policy"]
