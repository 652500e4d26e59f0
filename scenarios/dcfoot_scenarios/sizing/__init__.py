"""Sizes of solar, wind, battery, heat pump and heat store, and the choice of sites, by linear programming.

==============================  ===============================================================
``size(problem)``               the optimum; `InfeasibleStudy` names the limits that conflict
``quick_size(problem)``         within a hundredth of it, in a fraction of the time
``front(problem, limit, ...)``  one problem along a limit, each solved from the last
``choose(problems, count)``     the best of several sites and cooling systems
==============================  ===============================================================
"""
