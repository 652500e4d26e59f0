"""Where data of others come in: `read_*` and `fetch_*`. Their column names end here."""
