"""Files in and out: read for a layer, validate, write. No database here."""

from gisrisk.catalog import import_order
from gisrisk.exchange.columns import MappingError, load_mapping
from gisrisk.exchange.incoming import Incoming
from gisrisk.exchange.reading import read_frame, read_table
from gisrisk.exchange.validation import validate
from gisrisk.exchange.writing import CannotWrite, write_table

__all__ = [
    "CannotWrite",
    "Incoming",
    "MappingError",
    "import_order",
    "load_mapping",
    "read_frame",
    "read_table",
    "validate",
    "write_table",
]
