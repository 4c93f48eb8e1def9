from worker.engines.info import EngineInfo

INFO = EngineInfo("vlm", reads="pages", gives_boxes=True, needs_checkpoint=True)
