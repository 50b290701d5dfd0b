"""Made-up books from a seed: the same number gives the same people, documents and dates."""
