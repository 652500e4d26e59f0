"""The stages of a product's life cycle, under the standards' names."""

from enum import StrEnum


class Stage(StrEnum):
    """A stage of a life cycle.

    Source: ISO 14067:2018, 3.1.4.2, note 1; GB/T 24067-2024 is the same standard in Chinese. Making the parts that a
    manufacturer buys belongs to the first stage; putting the product together is the second.
    """

    RAW_MATERIAL_ACQUISITION = "raw material acquisition"
    PRODUCTION = "production"
    DISTRIBUTION = "distribution"
    USE = "use"
    END_OF_LIFE = "end-of-life treatment"

    @property
    def chinese(self) -> str:
        """The stage's name in GB/T 24067-2024."""
        return _CHINESE[self]


_CHINESE = {
    Stage.RAW_MATERIAL_ACQUISITION: "原材料获取",
    Stage.PRODUCTION: "生产",
    Stage.DISTRIBUTION: "分销",
    Stage.USE: "使用",
    Stage.END_OF_LIFE: "生命末期处理",
}
