# usage: FOLDER PERSON REASON SINCE UNTIL; SINCE and UNTIL in seconds since the epoch, UNTIL may be
# empty. Whoever runs this holds the lock of the node.
folder=$1
umask 022
mkdir -p "$folder" &&
	printf 'person %s\nreason %s\nfrom %s\n%s' "$2" "$3" "$4" "${5:+until $5
}" >"$folder/reservation.new" &&
	mv "$folder/reservation.new" "$folder/reservation"
