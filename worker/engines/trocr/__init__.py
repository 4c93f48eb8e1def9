"""TrOCR: VisionEncoderDecoder models that read one text line per image."""

from worker.engines.info import EngineInfo

INFO = EngineInfo("trocr", reads="lines", gives_boxes=False, needs_checkpoint=True)
