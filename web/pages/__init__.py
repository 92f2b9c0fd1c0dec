"""The pages for people: templates, their words in each language, and a little JavaScript."""
