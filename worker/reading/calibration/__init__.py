"""Calibration of an engine's probabilities on real documents: one small file per engine and pipeline.

``python -m evaluation.calibrate`` writes the files. An engine without one is uncalibrated, and results say so.
"""

from worker.reading.calibration.curves import Calibration, Logistic, Platt
from worker.reading.calibration.files import calibration_for, is_calibrated

__all__ = ["Calibration", "Logistic", "Platt", "calibration_for", "is_calibrated"]
