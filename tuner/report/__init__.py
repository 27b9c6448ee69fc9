"""What a study found, for people: one HTML file, with the same facts as CSV, JSON and Markdown beside it."""
