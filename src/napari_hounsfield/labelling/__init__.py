"""A labelling session: images, what is painted on them, the classifier that learns from it, and what can be undone."""
