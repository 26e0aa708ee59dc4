"""What exists: layers with their columns and styles, the base vocabulary, and the four colours."""

from gisrisk.catalog.layer import Check, Column, Label, Layer, Provenance, RasterValue, Style
from gisrisk.catalog.loading import import_order, layer, load_layers
from gisrisk.catalog.palette import LEVELS, UNDETERMINED, Level, Palette, palette
from gisrisk.catalog.vocabulary import Attribute, FacilityType, TargetType, Vocabulary, vocabulary

__all__ = [
    "LEVELS",
    "UNDETERMINED",
    "Attribute",
    "Check",
    "Column",
    "FacilityType",
    "Label",
    "Layer",
    "Level",
    "Palette",
    "Provenance",
    "RasterValue",
    "Style",
    "TargetType",
    "Vocabulary",
    "import_order",
    "layer",
    "load_layers",
    "palette",
    "vocabulary",
]
