"""Accuracy and cost on real documents with ground truth."""
