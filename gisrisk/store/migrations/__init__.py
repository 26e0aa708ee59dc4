"""Changes of the tables, one file each, applied by `open_store()`; `HEAD` names the newest (a test compares).

After a change of `layers/*.yaml` or `results.py` the test `tests/store/test_migrations.py` lists the operations that
are missing: write them into a new file in `versions/`, made from `script.py.mako`, and set HEAD. A layer's `_now` view
names its columns, so a revision that adds one replaces the view too.
"""

HEAD = "0002"
