"""What a person gets of an evaluation: report.json, report.html, tables, and comparisons of two reports."""
