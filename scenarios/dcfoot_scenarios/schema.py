"""The JSON Schema of a study file, for editors that complete and check while it is written.

It is made of the models themselves. Where a file may give a part of a scenario (the baseline, a variant, the top),
nothing is required: the rest may stand elsewhere, and null takes away what stands there.
"""

from typing import Any

from dcfoot_scenarios.scenario import Scenario
from dcfoot_scenarios.study import BASELINE, VARIANTS, StudyKeys

Schema = dict[str, Any]

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def study_schema() -> Schema:
    """The schema of ``study.yaml`` (JSON Schema, draft 2020-12)."""
    parts = Scenario.model_json_schema()
    top = StudyKeys.model_json_schema()
    definitions = {name: _optional(part) for name, part in parts.pop("$defs").items()} | top.pop("$defs")
    parts["properties"] = {name: _or_nothing(one) for name, one in parts["properties"].items()}
    definitions["Scenario"] = _optional(parts)
    some = {"$ref": "#/$defs/Scenario"}
    properties = {
        **top["properties"],
        **parts["properties"],
        BASELINE: {**some, "description": "What the variants are compared with."},
        VARIANTS: {
            "type": "object",
            "additionalProperties": some,
            "description": "By name: the baseline with these keys in the place of its own.",
        },
    }
    return {
        "$schema": DRAFT,
        "title": "A study of dcfoot",
        "type": "object",
        "properties": properties,
        "required": ["study"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _optional(part: Schema) -> Schema:
    return {key: value for key, value in part.items() if key != "required"}


def _or_nothing(value: Schema) -> Schema:
    told = {key: value[key] for key in ("description",) if key in value}
    return {"anyOf": [value, {"type": "null"}], **told}
