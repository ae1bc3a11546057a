"""What the Python API gives back: frozen values, typed, each with the JSON of the command line.

`as_json()` is what the command of the same name prints with `--json`, in every version: what a
later version adds is in it first. Not here: how they are found (`peer.api`).
"""
