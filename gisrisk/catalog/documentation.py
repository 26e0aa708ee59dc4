"""Write docs/layers.md from the layer files: `python -m gisrisk.catalog.documentation`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gisrisk.catalog.formats import FORMATS
from gisrisk.catalog.layer import Column, Layer
from gisrisk.catalog.loading import load_layers
from gisrisk.catalog.vocabulary import vocabulary

_TYPES = {
    "text": "文本 text",
    "integer": "整数 integer",
    "number": "数值 number",
    "boolean": "是否 boolean",
    "date": "日期 date",
}
_LONG_LIST = 14


def layers_page() -> str:
    """The whole page as Markdown, Chinese first."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    layers = load_layers()
    yield "# 图层 Layers"
    yield ""
    yield "本页由 `python -m gisrisk.catalog.documentation` 从 `layers/*.yaml` 生成，请勿手工修改。"
    yield "Generated from `layers/*.yaml`; do not edit by hand."
    yield ""
    yield "带 * 的字段必填。导入文件的列名可以用字段名、中文名或“可识别的列名”中的任一个，全半角、大小写和空格不论；"
    yield "取值可以写代码、中文或英文。怎样准备文件见 [data-in.md](data-in.md)。"
    yield ""
    yield "Columns with * are required. A file may head a column with the field's name, its Chinese label or any"
    yield "accepted heading; values may be written as code, in Chinese or in English. See [data-in.md](data-in.md)."
    yield ""
    for layer in layers.values():
        yield f"- [{layer.label_zh} {layer.label_en}](#{layer.name})"
    yield "- [公共字段 common columns](#common)"
    yield "- [词汇表属性 vocabulary attributes](#attributes)"
    for layer in layers.values():
        yield from _layer(layer)
    yield from _common(next(iter(layers.values())))
    yield from _attributes()


def _heading(anchor: str, title: str) -> Iterator[str]:
    yield ""
    yield f'<a id="{anchor}"></a>'
    yield ""
    yield f"## {title}"
    yield ""


def _layer(layer: Layer) -> Iterator[str]:
    yield from _heading(layer.name, f"{layer.label_zh} {layer.label_en} `{layer.name}`")
    yield f"{layer.meaning.zh}。{layer.meaning.en[0].upper()}{layer.meaning.en[1:]}."
    yield ""
    if layer.raster is not None:
        bounds = "" if layer.raster.minimum is None else f", ≥ {layer.raster.minimum:g}"
        yield f"- 栅格值 cell value: {layer.raster.label_zh} {layer.raster.label_en} [{layer.raster.unit}{bounds}]"
    else:
        geometry = "、".join(layer.geometry) if layer.geometry else "无 none"
        yield f"- 几何 geometry: {geometry}"
        yield f"- 唯一标识 identity: {' + '.join(f'`{name}`' for name in layer.identity)}"
        extra = "可以 yes, [list](#attributes)" if layer.has_attributes else "不可以 no"
        yield f"- 可带词汇表的其他属性 vocabulary attributes: {extra}"
    for check in layer.checks:
        yield f"- 检查 check: {_CHECKS[check.kind].format(*(f'`{name}`' for name in check.columns))}"
    yield f"- 数据一般来自 data usually from: {layer.provenance.data_zh}；{layer.provenance.data_en}"
    yield f"- 定义 definition: {layer.provenance.publisher}, {layer.provenance.licence}"
    if layer.columns:
        yield ""
        yield from _columns(layer.columns)


_CHECKS = {
    "order": "{0} 不晚于 not after {1}",
    "geometry_suits_type": "几何与 {0} 的测量方式不符时提醒 warns where the geometry does not suit the type",
}


def _columns(columns: tuple[Column, ...]) -> Iterator[str]:
    yield "| 字段 field | 名称 label | 类型 type | 单位 unit | 含义 meaning | 取值 values | 可识别的列名 headings |"
    yield "|---|---|---|---|---|---|---|"
    for column in columns:
        cells = (
            f"`{column.name}`{' *' if column.required else ''}",
            f"{column.label_zh}<br>{column.label_en}",
            _TYPES[column.type],
            column.unit or "",
            f"{column.meaning.zh}<br>{column.meaning.en}",
            _values(column),
            "、".join(column.aliases),
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
    for column in columns:
        if column.allowed is not None and len(column.allowed) > _LONG_LIST:
            yield ""
            yield f"`{column.name}` 的取值 values:"
            yield ""
            for code, label in column.allowed.items():
                yield f"- `{code}` {label.zh} ({label.en})"


def _values(column: Column) -> str:
    if column.allowed is not None:
        if len(column.allowed) > _LONG_LIST:
            return "见下 below"
        return "<br>".join(f"`{code}` {label.zh}" for code, label in column.allowed.items())
    if column.format is not None:
        return f"{FORMATS[column.format].zh}<br>{FORMATS[column.format].en}"
    if column.references is not None:
        return f"→ `{column.references}`"
    bounds = [f"≥ {column.minimum:g}"] if column.minimum is not None else []
    return ", ".join(bounds + ([f"≤ {column.maximum:g}"] if column.maximum is not None else []))


def _common(layer: Layer) -> Iterator[str]:
    yield from _heading("common", "公共字段 common columns")
    yield "每个矢量图层和表都可以带这两列。Every vector layer and table may have these two columns."
    yield ""
    yield from _columns(layer.common)


def _attributes() -> Iterator[str]:
    yield from _heading("attributes", "词汇表属性 vocabulary attributes")
    yield "图层没有列出的属性，可以用下列名称或中文名作列名写在同一文件里；多个值以 `;` 隔开。"
    yield "Attributes that are no columns of a layer may head a column by this name or its Chinese name;"
    yield "several values of a list are separated by `;`."
    yield ""
    yield "| 属性 attribute | 名称 label | 类型 type | 单位 unit | 取值 values |"
    yield "|---|---|---|---|---|"
    for attribute in vocabulary().attributes.values():
        if attribute.can_be_entered:
            values = "、".join(f"`{value}`" for value in attribute.values)
            yield f"| `{attribute.name}` | {attribute.name_zh} | {attribute.type} | {attribute.unit or ''} | {values} |"


def main() -> None:
    """Write the page into the checkout this module belongs to."""
    page = Path(__file__).resolve().parents[2] / "docs" / "layers.md"
    page.write_text(layers_page(), encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
