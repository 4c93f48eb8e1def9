"""Laid-out pages drawn by headless Chromium: every word's place, block, role and place in reading order is known."""
