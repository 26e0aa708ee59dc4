"""Identification of hazards by the standards: pure arithmetic on frames, without a database or a drawing."""
