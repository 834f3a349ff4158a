"""Scores a detector on labelled pictures: precision, recall and average precision."""
