"""The Chinese label of a field such as `ghs_class`, for texts that tell a user what is missing."""

from __future__ import annotations

from gisrisk.catalog.loading import load_layers
from gisrisk.catalog.vocabulary import vocabulary


def label_zh(column: str, layer_name: str | None = None) -> str | None:
    """Label of a column, or of a vocabulary attribute, by its name.

    Parameters
    ----------
    column : str
        Name of the column or attribute.
    layer_name : str or None
        Layer to look in; all layers, in the order of their names, when it is no layer.

    Returns
    -------
    str or None
        None when neither a layer nor the vocabulary knows the name.
    """
    layers = load_layers()
    for candidate in (layer_name,) if layer_name in layers else sorted(layers):
        label = next((each.label_zh for each in layers[candidate].columns if each.name == column), None)
        if label:
            return label
    attribute = vocabulary().attributes.get(column)
    return attribute.name_zh if attribute is not None else None
