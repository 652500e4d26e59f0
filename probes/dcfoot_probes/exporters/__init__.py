"""What the daemon tells other programs, in their own languages.

==============  ==================================================================================
`metrics`       the metrics: names, meanings, and where each value stands in a `Snapshot`
`prometheus`    them as text that Prometheus and OpenMetrics read
`otlp`          them as OpenTelemetry's JSON
`remote_write`  them as what Prometheus' remote write takes
==============  ==================================================================================
"""
