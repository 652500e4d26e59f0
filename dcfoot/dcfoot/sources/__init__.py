"""Where data of others come in: `read_*` and `fetch_*`. Their column names end here.

=====================  =============================================================================================
`codecarbon`           its results as runs
`hourly_source`        where a grid's hours come from, as a user names it: one of the services below, or a file
`hourly_csv`           a file of hourly grid factors
`grid_hours`           the door to the services below: asks one, or falls back on the yearly factor
`electricity_maps`     both families, consumption-based
`watttime`             marginal and average operating rates
`uk_carbon_intensity`  Great Britain
`entsoe`               Europe: generation by type
`eia`                  United States: generation by fuel
`hourly_service`       what the services share
=====================  =============================================================================================
"""
