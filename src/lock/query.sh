# usage: FOLDER; prints the node's time and its reservation, lines of `key value`.
printf 'now %s\n' "$now"
! reserved "$1" || cat "$1/reservation"
