"""`gisrisk layer`: list, show, check, import and export the PostGIS layers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from gisrisk.cli.console import json_option, progress, show_json, show_table
from gisrisk.cli.language import say
from gisrisk.cli.moment import as_of_option
from gisrisk.errors import GisriskError


class WrongUse(GisriskError):
    """The words of a command do not fit together."""

    exit_status = 2


@click.group()
def layer() -> None:
    """图层: what a layer holds, and how data come in and go out.

    Example: gisrisk layer show hazard_source
    """


@layer.command("list")
@json_option
def list_layers(as_json: bool) -> None:
    """All layers with their meaning and the number of features now.

    Example: gisrisk layer list
    """
    from gisrisk.catalog import load_layers
    from gisrisk.store import open_store

    with open_store() as store:
        counts = store.layer_counts()
    layers = load_layers().values()
    if as_json:
        show_json(
            [
                {
                    "name": x.name,
                    "label_zh": x.label_zh,
                    "label_en": x.label_en,
                    "kind": x.kind,
                    "geometry": x.geometry,
                    "features": counts.get(x.name),
                }
                for x in layers
            ]
        )
        return
    show_table(
        [say("图层", "layer"), say("名称", "label"), say("几何", "geometry"), say("现有", "now")],
        [(x.name, say(x.label_zh, x.label_en), "|".join(x.geometry) or x.kind, counts.get(x.name, "")) for x in layers],
    )


@layer.command("show")
@click.argument("name")
@json_option
def show_layer(name: str, as_json: bool) -> None:
    """Columns of one layer: type, unit, allowed values, accepted headings.

    Example: gisrisk layer show enterprise_site
    """
    from dataclasses import asdict

    from gisrisk.catalog import layer as catalog_layer

    found = catalog_layer(name)
    if as_json:
        show_json(asdict(found))
        return
    rows = [
        (
            c.name + (" *" if c.required else ""),
            say(c.label_zh, c.label_en),
            f"{c.type} [{c.unit}]" if c.unit else c.type,
            _allowed(c),
            ", ".join(c.aliases),
        )
        for c in found.columns
    ]
    show_table(
        [
            say("字段 (* 必填)", "column (* required)"),
            say("名称", "label"),
            say("类型 [单位]", "type [unit]"),
            say("取值", "allowed"),
            say("可识别的列名", "accepted headings"),
        ],
        rows,
        title=f"{found.label_zh} {found.label_en} · {'|'.join(found.geometry) or found.kind}",
    )


def _allowed(column: Any) -> str:
    """The first few codes with their labels."""
    values = [f"{code} {say(label.zh, label.en)}" for code, label in (column.allowed or {}).items()]
    return ", ".join(values[:6]) + (" …" if len(values) > 6 else "")


_source_options = [
    click.option(
        "--crs", help="CRS of the file's coordinates, for example EPSG:4547. Needed where the file names none."
    ),
    click.option(
        "--map",
        "maps",
        multiple=True,
        metavar="COL=FIELD",
        help="Read column COL as FIELD; COL=- ignores it; FIELD:VALUE=CODE reads a value as another. Repeatable.",
    ),
    click.option(
        "--position-source",
        help="Where the coordinates come from (survey, cadastre, imagery, ...), for rows that do not say.",
    ),
    click.option("--position-uncertainty-m", type=float, help="Positional uncertainty [m], for rows that do not say."),
]


def source_options(command: Any) -> Any:
    """The options that say how a file is to be read."""
    for option in reversed(_source_options):
        command = option(command)
    return command


def _incoming(
    name: str, file: str, crs: str | None, maps: tuple[str, ...], source: str | None, uncertainty_m: float | None
) -> tuple[Any, Any]:
    from gisrisk.catalog import layer as catalog_layer
    from gisrisk.exchange import load_mapping, read_table, validate

    target = catalog_layer(name)
    incoming = read_table(file, target, crs=crs, mapping=load_mapping(maps))
    frame = validate(incoming, target)
    if target.kind == "vector":
        for column, value in (("position_source", source), ("position_uncertainty_m", uncertainty_m)):
            if value is not None:
                frame[column] = frame[column].where(frame[column].notna(), value) if column in frame else value
    return incoming, frame


def _import_raster(name: str, file: str, dry_run: bool, as_json: bool, source: str | None) -> None:
    from gisrisk.store import open_store

    if dry_run:
        raise WrongUse("--dry-run is for vector layers and tables; a raster is checked before it is stored")
    with open_store() as store:
        record = store.register_raster(name, Path(file), position_source=source or "unknown")
    facts = {"layer": name, "sha256": record.sha256, "crs": record.crs, "path": str(record.path)}
    if as_json:
        show_json(facts)
    else:
        show_table(["", ""], [(say(*_INCOMING.get(key, (key, key))), value) for key, value in facts.items()])


@layer.command("check")
@click.argument("name")
@click.argument("file")
@source_options
@json_option
def check_file(
    name: str,
    file: str,
    crs: str | None,
    maps: tuple[str, ...],
    position_source: str | None,
    position_uncertainty_m: float | None,
    as_json: bool,
) -> None:
    """Read a file and show how its columns are understood; nothing is stored.

    Example: gisrisk layer check enterprise_site 企业.gpkg
    """
    incoming, frame = _incoming(name, file, crs, maps, position_source, position_uncertainty_m)
    _show_incoming(name, incoming, frame, as_json, stored=None)


@layer.command("import")
@click.argument("name")
@click.argument("file")
@source_options
@click.option("--dry-run", is_flag=True, help="Check everything and store nothing.")
@click.option("--note", default="", help="Why, for the batch record.")
@json_option
def import_file(
    name: str,
    file: str,
    crs: str | None,
    maps: tuple[str, ...],
    position_source: str | None,
    position_uncertainty_m: float | None,
    dry_run: bool,
    note: str,
    as_json: bool,
) -> None:
    """Import a file into a layer: all rows or none.

    Example: gisrisk layer import hazard_source 储罐.csv --crs EPSG:4490 --map 罐号=code
    """
    from gisrisk.catalog import layer as catalog_layer
    from gisrisk.store import open_store

    if catalog_layer(name).kind == "raster":
        _import_raster(name, file, dry_run, as_json, position_source)
        return
    with progress() as report:
        report(say("读取与检查", "reading and checking"), 0, 2)
        incoming, frame = _incoming(name, file, crs, maps, position_source, position_uncertainty_m)
        if dry_run:
            stored = None
        else:
            report(say("写入", "storing"), 1, 2)
            with open_store() as store:
                stored = store.write_batch(name, frame, file=incoming.file, sha256=incoming.sha256, note=note)
    _show_incoming(name, incoming, frame, as_json, stored)


def _show_incoming(name: str, incoming: Any, frame: Any, as_json: bool, stored: Any) -> None:
    facts: dict[str, Any] = {
        "layer": name,
        "file": incoming.file,
        "sha256": incoming.sha256,
        "crs": str(incoming.crs_used or ""),
        "rows": len(frame),
        "columns": incoming.column_mapping,
        "warnings": [*incoming.warnings, *frame.attrs.get("warnings", [])],
    }
    if stored is not None:
        facts.update(
            batch_id=str(stored.batch_id),
            recorded_at=stored.recorded_at,
            added=stored.added,
            changed=stored.changed,
            unchanged=stored.unchanged,
        )
    if as_json:
        show_json(facts)
        return
    mapping = facts.pop("columns")
    warnings = facts.pop("warnings")
    show_table(["", ""], [(say(*_INCOMING.get(key, (key, key))), value) for key, value in facts.items()])
    left_out = say("（不读）", "(left out)")
    read_as = [(column, left_out if field == "-" else _field(name, field)) for column, field in mapping.items()]
    show_table([say("文件列", "file column"), say("读作", "read as")], read_as)
    for warning in warnings:
        click.echo(f"! {warning}")
    if stored is None:
        click.echo(say("检查通过，未写入。", "checked; nothing was stored"))


_INCOMING = {
    "layer": ("图层", "layer"),
    "file": ("文件", "file"),
    "path": ("存放于", "kept at"),
    "crs": ("坐标系", "CRS"),
    "rows": ("行数", "rows"),
    "batch_id": ("批次", "batch"),
    "recorded_at": ("入库时刻", "recorded at"),
    "added": ("新增", "added"),
    "changed": ("修订", "changed"),
    "unchanged": ("未变", "unchanged"),
}


def _field(layer_name: str, field: str) -> str:
    """The field with its label in the language of the user, where it has one."""
    from gisrisk.catalog.field_labels import label_zh

    label = label_zh(field, layer_name) if say("zh", "en") == "zh" else None
    return f"{field} {label}" if label else field


@layer.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False))
@as_of_option("now by default")
@click.option("--area", help="Only features in this administrative area or park (code).")
def export_file(name: str, file: str, as_of: datetime | None, area: str | None) -> None:
    """Write a layer to .gpkg, .geojson, .csv or .parquet.

    Example: gisrisk layer export park parks.gpkg --as-of 2026-11-01
    """
    from gisrisk.catalog import layer as catalog_layer
    from gisrisk.exchange import write_table
    from gisrisk.store import open_store

    target = catalog_layer(name)
    with open_store() as store:
        frame = store.read(name, area=area, as_of=as_of)
    write_table(frame, Path(file), target)
    click.echo(say(f"{len(frame)} 行已写入 {file}", f"{len(frame)} rows written to {file}"))
