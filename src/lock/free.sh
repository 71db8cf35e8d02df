# usage: FOLDER; removes a reservation. Whoever runs this holds the lock of the node.
rm -f "$1/reservation" "$1/reservation.new" || exit 1
rmdir "$1" 2>/dev/null || :
