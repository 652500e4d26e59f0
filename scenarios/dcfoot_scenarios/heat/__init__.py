"""Waste heat of a data centre, hour by hour: what a heat network takes of it, by which way, and what that is worth.

=========  =============================================================================================================
`network`  who takes the heat: temperatures, losses; and what is put between: heat exchanger, heat pump
`reuse`    each hour's heat: direct exchange first, then a heat pump, then a store; the rest is rejected
`year`     a year's figures: ERF, ERE, homes, revenue, the heat pump's own emissions, emissions avoided elsewhere
=========  =============================================================================================================

Heat, temperatures and powers are numbers or arrays: hours on the last axis, designs or draws on those before it.
"""
