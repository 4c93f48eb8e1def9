"""Vision-language models of transformers that read whole pages."""

from worker.engines.info import EngineInfo

INFO = EngineInfo(
    "vlm", reads="pages", gives_boxes=False, follows_prompts=True, writes_markup=True, needs_checkpoint=True
)
