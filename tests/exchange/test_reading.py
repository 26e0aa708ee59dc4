"""Headings, synonyms, value words, mappings and dates as people write them, and real data of others."""

from __future__ import annotations

import datetime as dt
import hashlib

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gisrisk.catalog import layer
from gisrisk.errors import InputRefused
from gisrisk.exchange import MappingError, load_mapping, read_frame, read_table, validate

DEGREES = {"crs": "EPSG:4490"}


def test_chinese_headings_and_words_are_understood(csv):
    path = csv(
        "危险源编码,设施名称,企业编号,设施类型,容积(立方米),储存形式,投产日期,耐火等级,散发可燃气体、可燃蒸气,坐标来源,经度,纬度,闪点",
        "0007,甲醇罐,Q-1,固定顶储罐（组）,2000,立式罐,2019/6/30,二级,是,实测,114.9,25.8,11",
        "0008,球罐,Q-1,lpg_tank_pressurised,1000,SPHERE,20190630,,否,,114.9,25.8,",
    )
    one = layer("hazard_source")
    incoming = read_table(path, one, **DEGREES)
    frame = validate(incoming, one)
    first, second = frame.to_dict("records")
    assert (first["code"], second["code"]) == ("0007", "0008")
    assert first["facility_type"] == "tank_fixed_roof"
    assert (first["storage_form"], second["storage_form"]) == ("vertical", "sphere")
    assert first["commissioned_on"] == second["commissioned_on"] == dt.date(2019, 6, 30)
    assert first["fire_resistance_grade"] == 2
    assert first["handles_flammable_vapour"] is True and second["handles_flammable_vapour"] is False
    assert first["position_source"] == "survey" and second["position_source"] is None
    assert first["attributes"] == {"flash_point_c": 11.0} and second["attributes"] == {}
    assert incoming.column_mapping["容积(立方米)"] == "volume_m3"
    assert incoming.column_mapping["闪点"] == "flash_point_c"
    assert incoming.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert incoming.file == "file.csv"


@pytest.mark.parametrize(
    "heading", ["最大储存量(吨)", "最大储存量（吨）", " 最大储存量 ( 吨 ) ", "储量", "存量", "QUANTITY_T"]
)
def test_a_heading_may_be_full_width_spaced_or_in_capitals(csv, accepted, heading):
    path = csv(f"危险源编号,品名,{heading}", "S1,氯,3.5")
    assert accepted(path, "inventory")["quantity_t"][0] == 3.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_csv_of_a_chinese_spreadsheet_is_read(csv, encoding):
    path = csv("危险源编号,品名,储量", "S1,液氯,3.5", encoding=encoding)
    incoming = read_table(path, layer("inventory"))
    assert incoming.frame["substance"][0] == "液氯"
    assert any("GB18030" in note for note in incoming.warnings) == encoding.startswith("gb")


def test_a_quoted_line_break_and_windows_line_ends(csv, accepted):
    path = csv('source_code,substance,quantity_t\r\nS1,"液\r\n氯",1\r\n"S,2",氨,2\r\n')
    frame = accepted(path, "inventory")
    assert list(frame["source_code"]) == ["S1", "S,2"]
    assert frame["substance"][0] == "液\r\n氯"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("是", True),
        ("否", False),
        ("TRUE", True),
        ("false", False),
        ("1", True),
        ("0", False),
        ("", None),
    ],
)
def test_yes_and_no(csv, accepted, text, expected):
    path = csv("code,name,target_type,lon,lat,is_indoor", f"T1,甲,market,114.9,25.8,{text}")
    value = accepted(path, "protected_target", **DEGREES)["is_indoor"][0]
    assert value is pd.NA if expected is None else value == expected


def test_blanks_around_values_go_with_a_warning(csv):
    one = layer("inventory")
    frame = validate(read_table(csv("source_code,substance,quantity_t", " S1,　氯　, 3.5 "), one), one)
    assert (frame["source_code"][0], frame["substance"][0], frame["quantity_t"][0]) == ("S1", "氯", 3.5)
    assert "substance: blanks around 1 values were removed" in frame.attrs["warnings"]


def test_a_numeric_code_column_is_read_as_text_with_a_warning():
    one = layer("park")
    frame = gpd.GeoDataFrame({"code": [7], "name": ["园"]}, geometry=[shapely.box(114, 25, 115, 26)], crs=4490)
    checked = validate(read_frame(frame, one, name="frame"), one)
    assert checked["code"][0] == "7"
    assert any("zeros that led them were lost" in warning for warning in checked.attrs["warnings"])


def test_a_point_where_the_rules_measure_from_a_polygon_is_warned_about(csv, accepted):
    path = csv("code,name,facility_type,lon,lat", "S1,厂房,workshop_jia,114.9,25.8", "S2,罐,tank_buried,114.9,25.9")
    warnings = accepted(path, "hazard_source", **DEGREES).attrs["warnings"]
    # vocabulary: a workshop is a Polygon, a buried tank Polygon or Point
    assert [w for w in warnings if "drawn as" in w] == [
        "1 x workshop_jia drawn as Point; its distances are measured from a Polygon, so results may be needs_survey"
    ]


def test_all_columns_are_there_whether_or_not_the_file_has_them(csv, accepted):
    frame = accepted(csv("code,name,target_type,lon,lat", "T1,甲,school,114.9,25.8"), "protected_target", **DEGREES)
    wanted = [column.name for column in layer("protected_target").import_columns]
    assert list(frame.columns) == [*wanted, "attributes", "geometry"]
    assert frame["population"].isna().all()  # unknown stays unknown, never 0
    assert str(frame.dtypes["storeys"]) == "Int64" and str(frame.dtypes["is_indoor"]) == "boolean"
    assert frame.crs == "EPSG:4490"


# ---------------------------------------------------------------- mapping


def test_mapping_entries(tmp_path):
    (tmp_path / "map.yaml").write_text('"楼=层": storeys\nremark: "-"\n', encoding="utf-8")
    entries = ["罐号=code", "备注=-", "a=b=name", "level:district=county", "position_source:=survey"]
    assert load_mapping([*entries, f"@{tmp_path / 'map.yaml'}"]) == {
        "罐号": "code",
        "备注": "-",
        "a=b": "name",
        "level:district": "county",
        "position_source:": "survey",
        "楼=层": "storeys",
        "remark": "-",
    }


@pytest.mark.parametrize("entries", [["code"], ["=code"], ["a="], ["a=code", "a=name"], ["@missing.yaml"]])
def test_a_mapping_entry_that_is_not_understood_is_refused(entries):
    with pytest.raises(MappingError):
        load_mapping(entries)


def test_columns_and_values_can_be_mapped(csv):
    one = layer("admin_area")
    path = csv(
        "id,title,rank,addr:city,wkt",
        '360702,章贡区,district,x,"POLYGON((114 25,115 25,115 26,114 25))"',
        '360703,南康区,,x,"POLYGON((114 25,115 25,115 26,114 25))"',
    )
    mapping = load_mapping(
        ["id=code", "title=name", "rank=level", "addr:city=-", "level:district=county", "level:=township"]
    )
    incoming = read_table(path, one, mapping=mapping, **DEGREES)
    assert list(validate(incoming, one)["level"]) == ["county", "township"]
    assert incoming.column_mapping["addr:city"] == "-"


def test_an_absent_column_can_be_given_as_a_constant(csv, accepted):
    path = csv("code,name,target_type,lon,lat", "T1,甲,school,114.9,25.8")
    mapping = {"position_source:": "imagery", "position_uncertainty_m:": "3", "collection_kind:": "museum"}
    frame = accepted(path, "protected_target", mapping=mapping, **DEGREES)
    assert frame["position_source"][0] == "imagery"
    assert frame["position_uncertainty_m"][0] == 3
    assert frame["attributes"][0] == {"collection_kind": "museum"}


def test_coordinate_columns_can_be_mapped(csv, accepted):
    path = csv("code,name,target_type,E,N", "T1,甲,school,114.9,25.8")
    frame = accepted(path, "protected_target", mapping={"E": "lon", "N": "lat"}, **DEGREES)
    assert frame.geometry[0].equals(shapely.Point(114.9, 25.8))


def test_columns_of_gis_software_are_left_out(csv, accepted):
    path = csv("OBJECTID,code,name,target_type,lon,lat,Shape_Area", "1,T1,甲,school,114.9,25.8,3.2")
    assert "OBJECTID" not in accepted(path, "protected_target", **DEGREES)


# ---------------------------------------------------------------- real data


@pytest.mark.parametrize(("sublayer", "rows"), [("province", 5), ("city", 4), ("county", 72)])
def test_real_divisions_of_china(shared_dir, sublayer, rows):
    # counts by the SOURCE.md beside the file
    path = shared_dir / "data" / "cn_admin_tianditu" / "admin_cgcs2000.gpkg"
    one = layer("admin_area")
    with pytest.raises(InputRefused, match="field 'gb': layer admin_area has no such column"):
        validate(read_table(f"{path}:{sublayer}", one), one)
    frame = validate(read_table(f"{path}:{sublayer}", one, mapping={"adcode": "code", "gb": "-"}), one)
    assert len(frame) == rows
    assert set(frame["level"]) == {sublayer}
    again = gpd.read_file(path, layer=sublayer)
    assert list(frame["name"]) == list(again["name"])
    assert frame.geometry.geom_equals(again.geometry).all()


def test_real_roads_of_openstreetmap(shared_dir):
    path = shared_dir / "data" / "osm_karhula" / "karhula_layers.gpkg"
    one = layer("linear_feature")
    mapping = {"osm_id": "code", "highway": "-", "kind:": "road"}
    frame = validate(read_table(f"{path}:road", one, mapping=mapping), one)
    assert len(frame) == 161  # by the SOURCE.md beside the file
    assert set(frame["kind"]) == {"road"}


def test_real_facilities_in_nad83_are_refused_until_transformed(shared_dir):
    path = shared_dir / "data" / "rmp_us" / "baltimore_houston.gpkg"
    with pytest.raises(InputRefused, match="no transformation from NAD83"):
        read_table(f"{path}:baltimore_facilities", layer("enterprise_site"))
