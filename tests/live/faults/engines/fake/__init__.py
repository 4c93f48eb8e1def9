from worker.engines.info import EngineInfo

INFO = EngineInfo("fake", reads="pages", gives_boxes=True)
