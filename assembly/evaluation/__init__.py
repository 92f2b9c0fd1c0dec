"""Evaluating: systems learn from one part of an archive and are judged on the rest, by hashtags or by captions."""
