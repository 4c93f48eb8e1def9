"""The reading side: engines, pipelines, imaging, layout and the processes that run them."""
