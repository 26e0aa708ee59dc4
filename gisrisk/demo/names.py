"""Invented but plausible Chinese names; every company name ends with 演示 so that nobody takes it for a real one."""

from __future__ import annotations

import numpy as np


def _words(text: str) -> list[str]:
    return text.split()


_COMPANY_HEADS = _words(
    "赣江源 章江 贡水 八境 郁孤 虔诚 虔州 峰山 通天岩 榕江 桃江 梅关 客家源 红土 瑞金缘 崆峒 杨仙岭 "
    "马祖岩 古浮桥 储潭 宋城 三江口 水西 沙河 七里 蓉江 金凤 龙岭 潭口 南塘 五云 茅店 江口 长洛 韩坊 "
    "阳埠 大埠 王母渡 吉埠 白石 石芫 田村 南铺 湖江 沙地 三溪 白鹭 储江 双江 九曲 云台 翠微 丰源 恒泰 "
    "嘉合 润达 科信 盛和 永昌 泰和 安顺"
)
_VILLAGE_HEADS = _words(
    "上坝 下坝 塘尾 石背 竹山 新屋 老屋 桥头 坳背 樟树 荷树 梅子 枫树 茶亭 水口 禾坪 黄沙 龙井 白竹 "
    "罗边 谢屋 钟屋 刘屋 曾屋 赖屋 邱屋 温屋 廖屋 肖屋 郭屋 围里 排上 岭下 坑口 大塘 小塘 沙坝 洋田 "
    "坪上 高排"
)
_VILLAGE_TAILS = _words("村 坝 围 坑 排 下 背")
_QUARTER_HEADS = _words(
    "锦绣 章江 水岸 翡翠 阳光 翰林 金色 中央 滨江 丽景 和谐 幸福 学府 东方 时代 华府 御景 盛世 江畔 书香"
)
_QUARTER_TAILS = _words("花园 家园 名都 新城 雅苑 公馆 嘉园 华庭 小区 新村 里 府")


class Names:
    """Names drawn without repeating; one per region."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._companies = [str(n) for n in rng.permutation(_COMPANY_HEADS)]
        villages = [f"{head}{tail}" for head in _VILLAGE_HEADS for tail in _VILLAGE_TAILS]
        self._villages = [str(n) for n in rng.permutation(villages)]
        quarters = [f"{head}{tail}" for head in _QUARTER_HEADS for tail in _QUARTER_TAILS]
        self._quarters = [str(n) for n in rng.permutation(quarters)]

    def company(self, business_zh: str) -> str:
        """Name of an enterprise in the given business."""
        head = self._companies.pop() if self._companies else "演示"
        return f"{head}{business_zh}有限公司(演示)"

    def village(self) -> str:
        """Name of a village."""
        return self._villages.pop()

    def quarter(self) -> str:
        """Name of a housing quarter."""
        return self._quarters.pop()
