"""Learning: data sets, labels, folds, fitting and evaluation on top of `classifier`."""
