"""Fixed readings without a model, for tests, load tests and demos."""

from worker.engines.info import EngineInfo

INFO = EngineInfo("fake", reads="pages", gives_boxes=True, thread_safe=True)
