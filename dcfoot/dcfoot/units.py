"""Conversion constants: the only home of factors between units.

What comes in is a quantity in one unit, what goes out is the same quantity in another, under a new name that ends in
the new unit. Conversions happen once, at the edge of a layer.
"""

J_PER_KWH = 3_600_000.0
"""Joules in a kilowatt-hour: 1000 W x 3600 s, by definition (SI Brochure, 9th edition)."""

NS_PER_S = 1_000_000_000
"""Nanoseconds in a second (SI prefix)."""

NS_PER_US = 1_000
"""Nanoseconds in a microsecond (SI prefix)."""

NS_PER_MS = 1_000_000
"""Nanoseconds in a millisecond (SI prefix)."""

S_PER_MS = 1e-3
"""Seconds in a millisecond (SI prefix): in which hwmon gives averaging times."""

J_PER_UJ = 1e-6
"""Joules in a microjoule (SI prefix): what Linux powercap and hwmon count."""

J_PER_MJ = 1e-3
"""Joules in a millijoule (SI prefix; here mJ is milli, never mega): what NVML counts."""

W_PER_MW = 1e-3
"""Watts in a milliwatt (SI prefix; here mW is milli): what NVML reports as power."""

W_PER_UW = 1e-6
"""Watts in a microwatt (SI prefix): what hwmon reports as power."""

BYTES_PER_KIB = 1024
"""Bytes in a kibibyte (IEC 80000-13)."""

BYTES_PER_GIB = 1024**3
"""Bytes in a gibibyte (IEC 80000-13)."""

G_PER_KG = 1000.0
"""Grams in a kilogram (SI prefix)."""

S_PER_H = 3600.0
"""Seconds in an hour."""

H_PER_DAY = 24
"""Hours in a day."""

H_PER_YEAR = 8760.0
"""Hours in a non-leap year."""

KG_PER_LB = 0.45359237
"""Kilograms in an avoirdupois pound, by definition (International Yard and Pound Agreement, 1959)."""

KWH_PER_MWH = 1000.0
"""Kilowatt-hours in a megawatt-hour (SI prefixes; here M is mega)."""

W_PER_KW = 1000.0
"""Watts in a kilowatt (SI prefix)."""

KW_PER_MW = 1000.0
"""Kilowatts in a megawatt (SI prefixes; here MW is mega)."""

MW_PER_GW = 1000.0
"""Megawatts in a gigawatt (SI prefixes)."""

GJ_PER_MWH = 3.6
"""Gigajoules in a megawatt-hour: 1 MW x 3600 s, by definition (SI Brochure, 9th edition)."""

KG_PER_T = 1000.0
"""Kilograms in a tonne, by definition (SI Brochure, 9th edition, table 8)."""

L_PER_M3 = 1000.0
"""Litres in a cubic metre, by definition (SI Brochure, 9th edition, table 8)."""

L_PER_GAL = 3.785411784
"""Litres in a US liquid gallon: 231 cubic inches of 25.4 mm, by definition (NIST Handbook 44, appendix C)."""

F_PER_K = 1.8
"""Degrees Fahrenheit in a kelvin, by definition (NIST SP 811, appendix B)."""
