"""Pages read by any OpenAI-compatible server."""

from worker.engines.info import EngineInfo

INFO = EngineInfo(
    "openai", reads="pages", gives_boxes=False, follows_prompts=True, writes_markup=True, thread_safe=True
)
