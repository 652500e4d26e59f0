#!/bin/sh
# Tells the tasks of a job the settings of the cluster (its site, its price of electricity), so that `srun dcfoot run`
# knows them: Slurm puts what this prints as `export NAME=VALUE` into their environment (slurm.conf(5), TaskProlog).
# A user's own settings win. Ends with 0 whatever happens.
(
    settings="${DCFOOT_ROOT%/}/etc/dcfoot/config.toml"
    own="${XDG_CONFIG_HOME:-$HOME/.config}/dcfoot/config.toml"
    if [ -z "$DCFOOT_CONFIG" ] && [ -r "$settings" ] && [ ! -e "$own" ]; then
        echo "export DCFOOT_CONFIG=$settings"
    fi
) </dev/null 2>/dev/null
exit 0
