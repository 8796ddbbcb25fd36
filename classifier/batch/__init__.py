"""Many pages from files to files: read, label, write in parts that outlive a crash.

    sources -> records -> rows -> parts

`rows` is the core: it knows neither files nor processes, so any engine can carry it.
"""
