"""The ten experiments, in order. Each file is one: its prediction first, then what is done."""
NAMES = ("close", "keep_alive", "starvation", "idle", "blocking", "compute", "crash", "sizes", "omission", "library")
