"""A small network that has learned an archive's answers, in one file, for where the archive is not."""
