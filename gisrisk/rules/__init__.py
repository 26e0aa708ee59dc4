"""The law as data: documents, their rules, and which rule holds between which features."""

from gisrisk.rules.book import RuleBook, check_rules, load_rules
from gisrisk.rules.rule import Modifier, Rule

__all__ = ["Modifier", "Rule", "RuleBook", "check_rules", "load_rules"]
