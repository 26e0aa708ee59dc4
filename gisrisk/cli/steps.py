"""The steps of a long run in the language of the user: the code below the command line reports short fixed names."""

from __future__ import annotations

from gisrisk.cli.language import say

_STEPS = {
    "生成演示区": "making the demo region",
    "读取图层": "reading layers",
    "重大危险源辨识分级": "identifying major hazards",
    "防护距离": "checking distances",
    "企业风险分级": "grading sites",
    "区域与园区": "grading parks and areas",
    "保存研究": "saving the study",
    "读取周边": "reading the surroundings",
    "判定": "judging",
    "寻找替代方案": "looking for alternatives",
    "判定地块": "judging plots",
    "追溯历史": "going back in time",
}
_PRODUCTS = {
    "tables": ("写出表格与图层", "writing tables and layers"),
    "region_map": ("绘制区域图", "drawing the regional map"),
}


def step_in_words(step: str) -> str:
    """The step as shown; a step of an unknown name is shown as it is."""
    from gisrisk.catalog import load_layers

    if step in _PRODUCTS:
        return say(*_PRODUCTS[step])
    if step.startswith("park_"):
        return say(f"绘制园区图 {step[5:]}", f"drawing the map of park {step[5:]}")
    if step.startswith("导入"):
        names = {layer.label_zh: layer.label_en for layer in load_layers().values()}
        return say(step, f"importing {names.get(step[2:], step[2:])}")
    return say(step, _STEPS.get(step, step))
