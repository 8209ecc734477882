# usage: awk -f includes.awk CONTRIBUTING.md file...       see ci/check-includes
function complain(file, line, text) {
  printf "%s:%d: %s\n", file, line, text
  bad++
}

# framework/net/port.h -> net; fixtures/lab_test.h -> fixtures
function module_of(path,    part) {
  split(path, part, "/")
  return part[1] == "framework" ? part[2] : part[1]
}

# netrig/net/port.h -> framework/net/port.h, where there is such a file
function path_of(spelling) {
  sub(/^netrig\//, "", spelling)
  if (("framework/" spelling) in is_file) return "framework/" spelling
  return spelling in is_file ? spelling : ""
}

function is_foreign(spelling) {
  return spelling ~ /^(netlink|libnftnl|libmnl|libnetfilter_conntrack|nftables|boost|nlohmann|fmt|CLI)\//
}

# | `framework/net` | base |   in CONTRIBUTING.md
FNR == NR {
  if ($0 ~ /^\| `[a-z\/]+` \|/) {
    split($0, cell, "|")
    gsub(/[` ]/, "", cell[2])
    module = module_of(cell[2] "/")
    known[module] = 1
    count = split(cell[3], word, /[^a-z]+/)
    for (i = 1; i <= count; i++) if (word[i] != "") may[module, word[i]] = 1
  }
  next
}
FNR == 1 { is_file[FILENAME] = 1; files[++file_count] = FILENAME }
/^ *# *include *[<"]/ {
  n++
  from[n] = FILENAME
  line[n] = FNR
  target[n] = $0
  sub(/^[^<"]*[<"]/, "", target[n])
  sub(/[>"].*/, "", target[n])
}

# A file is a test by its name; a header, when tests alone include it; a .cc file, when its header is a test's.
function find_tests(    i, file, stem, changed) {
  for (i = 1; i <= file_count; i++) if (files[i] ~ /_test\.cc$/) is_test[files[i]] = 1
  do {
    changed = 0
    split("", used)
    split("", used_otherwise)
    for (i = 1; i <= n; i++) {
      file = path_of(target[i])
      stem = from[i]
      sub(/\.cc$/, ".h", stem)
      if (file == "" || file == stem) continue
      used[file] = 1
      if (!(from[i] in is_test)) used_otherwise[file] = 1
    }
    for (file in used) {
      if ((file in used_otherwise) || (file in is_test) || file !~ /^framework\//) continue
      is_test[file] = changed = 1
      sub(/\.h$/, ".cc", file)
      if (file in is_file) is_test[file] = 1
    }
  } while (changed)
}

function find_private(    i, file, changed) {
  for (i = 1; i <= n; i++) if (from[i] ~ /\.h$/ && is_foreign(target[i])) is_private[from[i]] = target[i]
  do {
    changed = 0
    for (i = 1; i <= n; i++) {
      file = path_of(target[i])
      if (from[i] !~ /\.h$/ || (from[i] in is_private) || !(file in is_private)) continue
      is_private[from[i]] = is_private[file]
      changed = 1
    }
  } while (changed)
}

END {
  if (!("base" in known)) complain("CONTRIBUTING.md", 1, "the table of modules is missing")
  find_tests()
  find_private()
  for (i = 1; i <= file_count; i++)
    if (!(module_of(files[i]) in known)) complain(files[i], 1, "its module is not in CONTRIBUTING.md's table")
  for (i = 1; i <= n; i++) {
    module = module_of(from[i])
    file = path_of(target[i])
    if (target[i] ~ /^netrig\//) {
      if (file == "") {
        complain(from[i], line[i], "no such file: " target[i])
        continue
      }
      other = module_of(file)
      if (other == module) continue
      if (!((module, other) in may) && !(from[i] in is_test))
        complain(from[i], line[i], module " may not include " target[i] " (the table in CONTRIBUTING.md)")
      if (file in is_private && !(from[i] in is_test))
        complain(from[i], line[i], target[i] " shows " is_private[file] ": it is private to " other)
    } else if (target[i] ~ /^(gtest|gmock)\// && !(from[i] in is_test) && module !~ /^(testing|fixtures|suites)$/) {
      complain(from[i], line[i], "GoogleTest belongs to testing, fixtures, suites and tests")
    } else if (target[i] ~ /^benchmark\// && module != "bench") {
      complain(from[i], line[i], "Google Benchmark belongs to bench")
    } else if (is_foreign(target[i]) && module == "base") {
      complain(from[i], line[i], "base needs the standard library only")
    }
  }
  if (bad) printf "%d includes against the rules\n", bad
  exit bad > 0
}
