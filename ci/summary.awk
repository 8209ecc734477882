# Turns the lines of `results.awk -v report=demo`, sorted, into the summary of ci/demo.

# "RewritesSourceToThePublicAddress" -> "Rewrites source to the public address"
function sentence(name,    i, c, text) {
  for (i = 1; i <= length(name); i++) {
    c = substr(name, i, 1)
    if (i > 1 && c ~ /[A-Z]/ && substr(name, i - 1, 1) ~ /[a-z0-9]/) text = text " " tolower(c)
    else text = text c
  }
  return text
}

function milliseconds(us) { return sprintf("%.1f ms", us / 1000) }

BEGIN { FS = "\t" }
$1 != suite { printf "%s%s\n", suite == "" ? "" : "\n", suite = $1 }
{
  tests++
  printf "  %-7s %s\n", $3, $6 == "" ? sentence($2) : $6
  if ($5 != "") {
    networks++
    printf "          network: %s\n", $5
  }
  if ($4 != "") {
    printf "          set up in %s\n", milliseconds($4)
    for (i = ++timed; i > 1 && setup[i - 1] > $4 + 0; i--) setup[i] = setup[i - 1]  # insertion: the times stay in order
    setup[i] = $4 + 0
  }
  count[$3]++
}
END {
  printf "\nRecipes:              %d passed", count["passed"]
  if (count["skipped"]) printf ", %d skipped (the reasons are above)", count["skipped"]
  printf "\n"
  if (networks) printf "Networks:             %d, each built from nothing for one test and gone after it\n", networks
  if (timed)
    printf "Set-up of a network:  typically %s, at most %s\n", milliseconds(setup[int((timed + 1) / 2)]),
           milliseconds(setup[timed])
}
