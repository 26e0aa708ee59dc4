"""A synthetic region to try gisrisk on: invented parks, plants and people inside the real outlines of 赣州."""

from gisrisk.demo.loading import load_demo_region
from gisrisk.demo.outlines import CITY_CODE as AREA_CODE
from gisrisk.demo.writing import DemoFiles, write_demo_region

__all__ = ["AREA_CODE", "DemoFiles", "load_demo_region", "write_demo_region"]
