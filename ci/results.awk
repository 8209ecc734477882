# Reads GoogleTest's XML (one element a line, as GoogleTest writes it) and prints, by `report`:
#   skip    the reason why the test `test` was skipped
#   suites  "suite program" for each suite; the program is the folder of the file
#   demo    "suite <TAB> test <TAB> result <TAB> set-up in us <TAB> topology <TAB> what it proves" for each test
#   faults  "suite <TAB> fault <TAB> runs <TAB> residue" for each row of a table of faults
# Properties that the fixtures record: netrig.topology, netrig.setup_us, netrig.proves; the fault tests: netrig.fault.N.
function attribute(name,    value) {
  if (!match($0, " " name "=\"[^\"]*\"")) return ""
  value = substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4)
  gsub(/&#x(0A|0D|9|09|A|D);/, " ", value)
  gsub(/&lt;/, "<", value)
  gsub(/&gt;/, ">", value)
  gsub(/&quot;/, "\"", value)
  gsub(/&apos;/, "'", value)
  gsub(/&amp;/, "\\&", value)
  return value
}

function finish() {
  if (name == "") return
  if (report == "demo") print suite "\t" name "\t" result "\t" setup "\t" topology "\t" proves
  name = ""
}

/<testcase / {
  finish()
  name = attribute("name")
  suite = attribute("classname")
  result = attribute("result") == "skipped" ? "skipped" : "passed"
  setup = topology = proves = ""
}
/<failure/ { result = "failed" }
/<skipped message=/ && report == "skip" && suite "." name == test {
  reason = attribute("message")
  sub(/^[^ ]*:[0-9]+ /, "", reason)  # the place in the source
  print reason
}
/<property name="netrig.setup_us"/ { setup = attribute("value") }
/<property name="netrig.topology"/ { topology = attribute("value") }
/<property name="netrig.proves"/ { proves = attribute("value") }
/<property name="netrig\.fault\./ && report == "faults" {
  split(attribute("value"), row, "|")
  print suite "\t" row[1] "\t" row[2] "\t" row[3]
}
/<testcase .*\/>/ || /<\/testcase>/ { finish() }
/<testsuite / && report == "suites" {
  n = split(FILENAME, part, "/")
  print attribute("name"), part[2]
}
