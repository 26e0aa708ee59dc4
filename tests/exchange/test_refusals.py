"""Each way in which a file can be wrong, with the place, the reason and the remedy the user is told."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gisrisk.catalog import layer
from gisrisk.errors import InputRefused
from gisrisk.exchange import read_frame, read_table, validate

TARGETS = "code,name,target_type,lon,lat"
DEGREES = {"crs": "EPSG:4490"}


def expect(refused: InputRefused, *parts: str, row: int | None = None, field: str | None = None) -> None:
    """One problem has all the parts, at this row and field."""
    told = [p for p in refused.problems if p.row == row and (field is None or field in (p.field or ""))]
    assert any(all(part in str(problem) for part in parts) for problem in told), str(refused)


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("column", "value", "parts"),
    [
        ("population", "12t", ["'12t' is not a number", "digits only"]),
        ("population", "12 人", ["is not a number", "digits only"]),
        ("population", "abc", ["'abc' is not a number", "decimal point"]),
        ("population", '"1,200"', ["'1,200' is not a number", "without separators"]),
        ("population", "１２", ["is not a number"]),
        ("population", "nan", ["is not a number"]),
        ("population", "inf", ["is not a number"]),
        ("population", "1e999", ["too large"]),
        ("population", "-1", ["-1 persons is below the smallest allowed value 0"]),
        ("beds_or_seats", "12.5", ["12.5 is not a whole number"]),
        ("built_on", "2023-02-29", ["not a day of the calendar", "YYYY-MM-DD"]),
        ("built_on", "45292", ["serial number of a spreadsheet"]),
        ("built_on", "1/5/2024", ["is not a day"]),
        ("built_on", "2024-05-01 13:00", ["is not a day"]),
        ("is_indoor", "maybe", ["'maybe' is neither yes nor no", "是 or 否"]),
        ("administrative_level", "galactic", ["'galactic' is not allowed", "county 县级", "--map"]),
        ("fire_resistance_grade", "5", ["'5' is not allowed", "1 一级"]),
        ("position_source", "gps", ["'gps' is not allowed", "survey 实测"]),
        ("position_uncertainty_m", "-2", ["below the smallest"]),
        ("collection_kind", "libary", ["'libary' is not allowed", "Did you mean 'library'?"]),  # an attribute
        ("book_volumes", "many", ["'many' is not a number"]),
    ],
)
def test_a_wrong_value_is_named_with_its_row(csv, refusal, column, value, parts):
    path = csv(f"{TARGETS},{column}", "T1,甲,school,114.9,25.8,", f"T2,乙,school,114.9,25.9,{value}")
    expect(refusal(path, "protected_target", **DEGREES), *parts, "file.csv", row=2, field=column)


@pytest.mark.parametrize(("column", "value"), [("code", ""), ("code", "   "), ("name", ""), ("target_type", "")])
def test_a_missing_required_value_is_named(csv, refusal, column, value):
    row = {"code": "T1", "name": "甲", "target_type": "school"} | {column: value}
    path = csv(TARGETS, f"{row['code']},{row['name']},{row['target_type']},114.9,25.8")
    expect(refusal(path, "protected_target", **DEGREES), "required value is missing", "Fill it in", row=1, field=column)


def test_a_missing_required_column_is_named(csv, refusal):
    path = csv("code,target_type,lon,lat", "T1,school,114.9,25.8")
    expect(refusal(path, "protected_target", **DEGREES), "required column is missing", "--map", field="name")


def test_a_group_is_no_facility_type(csv, refusal):
    # vocabulary: "a parent group code may not be stored"
    path = csv("code,name,facility_type,lon,lat", "S1,罐,storage_tank,114.9,25.8")
    expect(refusal(path, "hazard_source", **DEGREES), "'storage_tank' is not allowed", row=1, field="facility_type")


def test_formats_are_demanded(csv, refusal):
    path = csv("source_code,substance,quantity_t,cas", "S1,氯,10,7782-50-6")
    expect(refusal(path, "inventory"), "7782-50-6", "check digit", row=1, field="cas")
    path = csv("code,name,lon,lat,industry_code", "E1,厂,114.9,25.8,C2614")
    expect(refusal(path, "enterprise_site", **DEGREES), "C2614", "without the section letter", row=1)


def test_a_code_that_stands_twice_is_refused(csv, refusal):
    path = csv(TARGETS, "T1,甲,school,114.9,25.8", "T2,乙,school,114.9,25.9", " T1,丙,school,114.8,25.8")
    expect(refusal(path, "protected_target", **DEGREES), "'T1' stands already in row 1", row=3, field="code")


def test_the_inventory_is_named_by_source_substance_and_cas_together(csv, refusal, accepted):
    head = "source_code,substance,cas,quantity_t"
    fine = csv(head, "S1,氯,7782-50-5,1", "S1,氨,7664-41-7,1", "S2,氯,7782-50-5,1", "S1,氯,,2")
    assert len(accepted(fine, "inventory")) == 4
    twice = csv(head, "S1,氯,,1", "S1,氯,,2")
    expect(refusal(twice, "inventory"), "'S1, 氯' stands already in row 1", row=2, field="source_code, substance, cas")


def test_dates_in_the_wrong_order_are_refused(csv, refusal):
    path = csv(
        "code,name,approved_on,approval_expires,wkt",
        'P,园,2024-01-02,2024-01-01,"POLYGON((114 25,115 25,115 26,114 25))"',
    )
    expect(refusal(path, "park", **DEGREES), "2024-01-01 lies before approved_on 2024-01-02", row=1)


def test_all_problems_are_told_at_once(csv, refusal):
    path = csv(
        f"{TARGETS},population,colour",
        "T1,甲,school,114.9,25.8,12t,red",
        "T1,,schol,25.8,114.9,-1,red",
        "T3,丙,school,114.9,,3,red",
    )
    refused = refusal(path, "protected_target", **DEGREES)
    expect(refused, "no such column", field="colour")
    expect(refused, "is not a number", row=1, field="population")
    expect(refused, "required value", row=2, field="name")
    expect(refused, "'schol' is not allowed", row=2, field="target_type")
    expect(refused, "below the smallest", row=2, field="population")
    expect(refused, "stands already in row 1", row=2, field="code")
    expect(refused, "interchanged", row=2, field="geometry")
    expect(refused, "column 'lat'", "coordinates is missing", row=3, field="geometry")
    assert len(refused.problems) == 8


# ---------------------------------------------------------------- columns


def test_an_unknown_column_is_refused_with_the_closest_names(csv, refusal):
    path = csv(f"{TARGETS},populaton", "T1,甲,school,114.9,25.8,3")
    expect(refusal(path, "protected_target", **DEGREES), "Closest known: population", "--map", field="populaton")


def test_a_unit_in_the_heading_that_is_not_ours_is_not_guessed(csv, refusal):
    path = csv("危险源编号,品名,储量(kg)", "S1,氯,12")
    refused = refusal(path, "inventory")
    expect(refused, "no such column", "quantity_t", field="储量(kg)")
    expect(refused, "required column is missing", field="quantity_t")


def test_two_columns_for_one_field_are_refused(csv, refusal):
    path = csv("code,编号,name,target_type,lon,lat", "T1,T2,甲,school,114.9,25.8")
    expect(refusal(path, "protected_target", **DEGREES), "both 'code' and '编号' stand for 'code'", field="编号")


def test_a_mapping_that_fits_nothing_is_refused(csv, refusal):
    path = csv(TARGETS, "T1,甲,school,114.9,25.8")
    refused = refusal(path, "protected_target", mapping={"编号x": "code", "lat": "latitud"}, **DEGREES)
    expect(refused, "names a column that the file does not have", "code, name", field="编号x")
    expect(refused, "no field 'latitud'", "lat", field="lat")


@pytest.mark.parametrize("attribute", ["in_dense_area", "flow_path"])
def test_derived_attributes_cannot_be_imported(csv, refusal, attribute):
    path = csv(f"{TARGETS},{attribute}", "T1,甲,school,114.9,25.8,1")
    expect(refusal(path, "protected_target", **DEGREES), "no such column", field=attribute)


def test_a_layer_without_attributes_takes_none(csv, refusal):
    path = csv("code,name,wkt,h2s", '360702,章贡区,"POLYGON((114 25,115 25,115 26,114 25))",1')
    expect(refusal(path, "admin_area", **DEGREES), "no such column", field="h2s")


# ---------------------------------------------------------------- files


def test_files_that_cannot_be_read_are_named(tmp_path, csv):
    target = layer("protected_target")

    def told(path: object) -> str:
        with pytest.raises(InputRefused) as refused:
            read_table(path, target, **DEGREES)
        return str(refused.value)

    assert "does not exist" in told(tmp_path / "no.gpkg")
    assert "'.shp' is not read" in told(csv("x", name="a.shp"))
    assert "not a readable GeoPackage" in told(csv("x", name="a.gpkg"))
    assert "not a readable Parquet" in told(csv("x", name="a.parquet"))
    assert "no GeoJSON FeatureCollection" in told(csv('{"type": "Topology"}', name="a.geojson"))
    assert "not JSON" in told(csv('{"type": "FeatureCollection", "features": [', name="a.geojson"))
    assert "not UTF-8" in told(csv('{"type": "FeatureCollection", "x": "甲"}', name="a.geojson", encoding="gbk"))
    assert "no headings" in told(csv("", "a,b"))
    assert "not separated by commas" in told(csv("code;name", "a;b"))
    assert "heading 'code' stands twice" in told(csv("code,code,name", "a,b,c"))
    assert "NUL" in told(csv("code,name", "a,b", encoding="utf-16-le"))


def test_a_row_with_too_many_fields_is_named(csv, refusal):
    path = csv(TARGETS, "T1,甲,school,114.9,25.8", "T2,乙,丙,school,114.9,25.8", "T3,丁,school,114.9,25.8")
    expect(refusal(path, "protected_target", **DEGREES), "6 fields, the heading has 5", "double quotes", row=2)


def test_a_file_without_rows_is_refused(csv, refusal):
    expect(refusal(csv(TARGETS), "protected_target", **DEGREES), "holds no rows")


def test_a_geopackage_with_several_layers_asks_which(tmp_path, accepted):
    frame = gpd.GeoDataFrame(
        {"code": ["T1"], "name": ["甲"], "target_type": ["school"]}, geometry=[shapely.Point(114.9, 25.8)], crs=4490
    )
    path = tmp_path / "two.gpkg"
    frame.to_file(path, layer="a")
    frame.to_file(path, layer="乙")
    target = layer("protected_target")
    with pytest.raises(InputRefused, match=r"2 layers: a, 乙.*two\.gpkg:a"):
        read_table(path, target)
    with pytest.raises(InputRefused, match=r"no layer 'c'"):
        read_table(f"{path}:c", target)
    assert read_table(f"{path}:乙", target).file == "two.gpkg:乙"


# ---------------------------------------------------------------- geometries


def frame_of(*geometries: object, crs: object = 4490, layer_name: str = "park") -> gpd.GeoDataFrame:
    codes = [f"P{i}" for i in range(len(geometries))]
    return gpd.GeoDataFrame({"code": codes, "name": codes}, geometry=list(geometries), crs=crs)


def refused_frame(frame: pd.DataFrame, layer_name: str = "park", **options: object) -> InputRefused:
    with pytest.raises(InputRefused) as refused:
        validate(read_frame(frame, layer(layer_name), name="frame", **options), layer(layer_name))
    return refused.value


SQUARE = shapely.box(114, 25, 115, 26)


def test_geometries_are_judged_and_never_repaired():
    bow_tie = shapely.Polygon([(114, 25), (115, 26), (115, 25), (114, 26)])
    refused = refused_frame(
        frame_of(
            SQUARE,
            None,
            shapely.Polygon(),
            bow_tie,
            shapely.Point(114, 25),
            shapely.GeometryCollection([SQUARE]),
            shapely.Polygon([(114, 25), (np.nan, 26), (115, 25)]),
            shapely.Polygon([(114, 25), (np.inf, 26), (115, 25)]),
        )
    )
    expect(refused, "geometry is missing", row=2, field="geometry")
    expect(refused, "geometry is empty", row=3)
    expect(refused, "Self-intersection[114.5 25.5]", "Repair it in the GIS", row=4)
    expect(refused, "a Point is not accepted", "takes Polygon", row=5)
    expect(refused, "a GeometryCollection is not accepted", row=6)
    expect(refused, "NaN or infinite", row=7)
    expect(refused, "NaN or infinite", row=8)
    assert len(refused.problems) == 7


def test_text_that_is_no_wkt_is_named(csv, refusal):
    path = csv("code,name,wkt", "P1,园,POLYGON((114 25", 'P2,园,"POLYGON((114 25,115 25,115 26))"')
    refused = refusal(path, "park", **DEGREES)
    expect(refused, "is not WKT", row=1, field="geometry")
    expect(refused, "is not WKT", "closed rings", row=2, field="geometry")


def test_a_curve_in_a_geopackage_is_refused_not_straightened(tmp_path):
    # WKB of CIRCULARSTRING(0 0, 1 1, 2 0) as the OGC defines it: byte order 1, type 8, three points
    curve = bytes.fromhex("0108000000030000000000000000000000000000000000000000000000")
    curve += bytes.fromhex("0000f03f000000000000f03f0000000000000040") + bytes(8)
    import pyarrow as pa
    import pyogrio

    path = tmp_path / "curve.gpkg"
    table = pa.table({"code": ["L1"], "geometry": pa.array([curve], pa.binary())})
    pyogrio.write_arrow(table, path, driver="GPKG", geometry_name="geometry", geometry_type="Unknown", crs="EPSG:4490")
    incoming = read_table(path, layer("linear_feature"))
    assert [(p.row, "cannot be read" in p.reason) for p in incoming.problems] == [(1, True)]
    with pytest.raises(InputRefused, match="curve"):
        validate(incoming, layer("linear_feature"))


def test_a_csv_without_coordinates_is_refused(csv, refusal):
    refused = refusal(csv("code,name,lon", "P1,园,114"), "park", **DEGREES)
    expect(refused, "no geometry", "lon and lat", "wkt", field="geometry")
    assert len(refused.problems) == 1
