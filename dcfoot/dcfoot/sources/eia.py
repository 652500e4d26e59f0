"""Draft."""

TECHNOLOGIES = {
    "COL": "coal",
    "NG": "gas",
    "OIL": "oil",
    "NUC": "nuclear",
    "WAT": "hydro",
    "WND": "wind",
    "SUN": "solar",
    "GEO": "geothermal",
    "OTH": "other",
}
