//! Ending commands on their own node: one POSIX script, the same here and over ssh.

/// Which processes end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// What the shell runs now; the shell itself goes on with its next command.
    Children,
    /// The shell as well: nothing fed to it will run any more.
    Shell,
}

/// A script for `sh` that ends the descendants of the shell `pid`, politely first.
///
/// A shell that is to end is stopped before anything else, so it cannot start its next command. A
/// process group is signalled as a whole only where its leader is a descendant: `timeout` leads
/// one, and children whose parent has gone are still in it. Processes that left for a session of
/// their own and were adopted by init are not touched: containers outlive the command that
/// started them.
pub(super) fn script(pid: u32, reach: Reach) -> String {
    let (before, after) = match reach {
        Reach::Children => ("", ""),
        Reach::Shell => ("kill -STOP $shell 2>/dev/null\n", SHELL),
    };
    format!("shell={pid}\n{before}{FIND}{after}{END}")
}

/// `sudo` stops itself when its child is stopped, so the two above the shell are continued.
const SHELL: &str = r#"
kill -KILL $shell 2>/dev/null
above=$shell
for turn in 1 2; do
    for entry in $table; do
        rest=${entry#*:}
        if [ "${entry%%:*}" = "$above" ]; then above=${rest%:*}; break; fi
    done
    [ "$above" -le 1 ] || kill -CONT "$above" 2>/dev/null
done
"#;

/// `/proc/PID/stat` is `pid (name) state ppid pgrp ..`; the name may hold anything, a `)` or a
/// line feed included, hence the joined lines and the last `) `.
const FIND: &str = r#"
find_below() {
    roots=$1 table=
    for stat in /proc/[0-9]*/stat; do
        line=
        while read -r part; do line=$line$part; done 2>/dev/null <"$stat" || continue
        [ -n "$line" ] || continue
        set -- ${line##*) }
        [ "$1" = Z ] || table="$table ${line%% *}:$2:$3"
    done
    found=" " front=$roots
    while [ "$front" != " " ]; do
        next=" "
        for entry in $table; do
            pid=${entry%%:*} rest=${entry#*:}
            case $front in *" ${rest%:*} "*) next="$next$pid " ;; esac
        done
        found="$found${next# }" front=$next
    done
    groups=" "
    for entry in $table; do
        group=${entry##*:}
        case $found in *" $group "*) ;; *) continue ;; esac
        case $groups in *" $group "*) ;; *) groups="$groups$group " ;; esac
    done
}
send() {
    for group in $groups; do kill "-$1" "-$group" 2>/dev/null; done
    for pid in $found; do kill "-$1" "$pid" 2>/dev/null; done
}
find_below " $shell "
"#;

/// TERM, half a second, KILL, also for what was born in between. The shell is not looked at
/// again: if it goes on, its child is the next command by now.
const END: &str = r#"
all=$found every=$groups
until_gone() {
    for turn in 1 2 3 4 5; do
        alive=
        for pid in $all; do
            read -r line 2>/dev/null <"/proc/$pid/stat" || continue
            case ${line##*) } in Z*) ;; *) alive=1 ;; esac
        done
        [ -n "$alive" ] || return
        sleep 0.1 2>/dev/null || sleep 1
    done
}
send TERM
send CONT
until_gone
find_below "$all"
send KILL
found=$all groups=$every
send KILL
until_gone
exit 0
"#;
