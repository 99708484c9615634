# What the demo prints. Its story goes to standard output, one ✓ or ✗ a claim.

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    green=$'\e[32m' red=$'\e[31m' bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'
else
    green='' red='' bold='' dim='' plain=''
fi

# What went wrong, before the trap of `exit` takes everything down.
failed() {
    told_failure=1
    printf '%s✗ %s%s\n' "$red" "$*" "$plain"
    exit 1
}
held() { printf '%s✓%s %s\n' "$green" "$plain" "$*"; }
chapter() { printf '\n%s%s%s  (%d s)%s\n' "$bold" "$*" "$plain$dim" $((SECONDS - told_at)) "$plain"; }
note() { printf '%s  %s%s\n' "$dim" "$*" "$plain"; }

# claim WORDS COMMAND...: ✓ when the command succeeds, else ✗ and the end.
claim() {
    local words="$1"
    shift
    if "$@"; then held "$words"; else failed "$words"; fi
}

# show COMMAND...: the command as one would type it, then what it prints.
show() {
    printf '%s$ %s%s\n' "$dim" "$(typed "$@")" "$plain"
    "$@"
}

# A command line with short words for what is only here.
typed() {
    local word line=''
    for word in "$@"; do
        case "$word" in *' '* | *'{'* | '') word="'$word'" ;; esac
        line+=" $word"
    done
    line="${line# }"
    line="${line//"${work:-/nowhere}"/\$DEMO}"
    printf '%s' "${line//"${engine_url:-nothing}"/\$ENGINE}"
}
