"""Compiled loops that are kept on disk where a disk will have them, and are only slower to start where none will."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`numba.njit` with the machine code cached and the interpreter lock released.

    The cache goes beside the module, else to the user's cache folder, or to `NUMBA_CACHE_DIR`. With none of them
    writable numba refuses to decorate at all; then the function is compiled afresh in each process instead.

    The cache notices a change in the function's own file only. So a compiled function calls compiled functions, and
    reads constants, of its own module alone; modules are joined in Python.

    Parameters
    ----------
    function : callable, optional
        Given when used as a plain `@compiled`.
    options
        Passed on to `numba.njit`, for example `inline="always"`.
    """
    if function is None:
        return lambda inner: compiled(inner, **options)
    try:
        return njit(cache=True, nogil=True, **options)(function)
    except RuntimeError as error:
        if "cannot cache function" not in str(error):
            raise
        return njit(nogil=True, **options)(function)
