"""The life of one trial: appraise, prepare, train, convert, evaluate."""
