#!/bin/sh
# Notes down a job that begins on this node, so that dcfoot's daemon knows whose it is and which GPUs it was given.
#
#     slurm.conf:   Prolog=/etc/slurm/dcfoot/prolog.sh   Epilog=/etc/slurm/dcfoot/epilog.sh
#                   TaskProlog=/etc/slurm/dcfoot/task_prolog.sh
#
# Ends with 0 whatever happens: with anything else Slurm would drain the node and put the job back into the queue
# (slurm.conf(5), "Prolog and Epilog Scripts"). Slurm sets no search path.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
(
    folder="${DCFOOT_ROOT%/}/run/dcfoot-jobs"
    case "$SLURM_JOB_ID" in '' | *[!0-9]*) exit ;; esac
    umask 022
    # Not in /run/dcfoot, which is the daemon's user's: what is root's own nobody else can lead elsewhere by a link.
    mkdir -p "$folder" && [ ! -L "$folder" ] && [ -O "$folder" ] || exit
    # Written aside and then moved, so that nobody reads half of it.
    printf 'uid=%s\nuser=%s\nstart=%s\ngpus=%s\n' "$SLURM_JOB_UID" "$SLURM_JOB_USER" "$(date +%s)" "$SLURM_JOB_GPUS" \
        >"$folder/.$SLURM_JOB_ID" && mv -f "$folder/.$SLURM_JOB_ID" "$folder/$SLURM_JOB_ID"
) </dev/null >/dev/null 2>&1
exit 0
