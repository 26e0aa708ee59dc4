"""Siting: a proposal judged against what stands around it, in both directions, and what would be allowed instead."""
