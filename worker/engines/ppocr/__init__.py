"""PP-OCRv6's detection and recognition networks, from the rapidocr wheel, on OpenVINO."""

from worker.engines.info import EngineInfo

INFO = EngineInfo("rapidocr", reads="lines", gives_boxes=True, thread_safe=True)
