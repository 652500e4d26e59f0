"""Sizes of solar, wind, battery, heat pump and heat store, and the choice of sites, by linear programming.

size(problem) -> Sizing                      the optimum; InfeasibleStudy names the limits that conflict
quick_size(problem) -> Sizing                within a hundredth of it, in a fraction of the time
front(problem, limit, values) -> [Sizing]    one problem along a limit, each solved from the last
choose(problems, count) -> {name: Sizing}    the best of several sites and cooling systems
"""
