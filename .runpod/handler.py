"""Where RunPod's Hub looks for the handler: it is ``worker/runpod_handler.py``."""

from worker.runpod_handler import main

if __name__ == "__main__":
    main()
