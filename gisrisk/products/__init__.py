"""What a study leaves in people's hands: printed maps, web maps and tables, all drawn from the same records."""

from gisrisk.products.write import write_products

__all__ = ["write_products"]
