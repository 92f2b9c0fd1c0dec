"""Figures of an evaluation: precision, recall, F1 and their kin, by stratum, with intervals."""
