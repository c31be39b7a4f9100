# The house's functions in plain jq, so that a mapping can be run and compared without Meterbridge. Numbers are jq's own
# here, doubles: amounts agree to a double's precision, while the gateway keeps every digit. Private names begin with _.

# Numbers.

def dec: if . == null then null elif type == "string" then (gsub("^\\s+|\\s+$"; "") | if . == "" then null else tonumber end) else . end;
def dsum: if . == null then null else map(dec | select(. != null)) | if . == [] then null else add end end;
def dadd(x): (x | dec) as $b | dec | if . == null then $b elif $b == null then . else . + $b end;
def dsub(x): (x | dec) as $b | dec | if . == null or $b == null then . else . - $b end;
def dmul(x): (x | dec) as $b | dec | if . == null or $b == null then null else . * $b end;
def dneg: dec | if . == null then null else -. end;
def dcmp(x): (x | dec) as $b | dec | if . == null or $b == null then null elif . < $b then -1 elif . > $b then 1 else 0 end;
def _power(n): reduce range(n) as $i (1; . * 10);
def dshift(n): n as $n | dec | if . == null then null elif $n < 0 then . / _power(-$n) else . * _power($n) end;

# Dates, in UTC.

# Whole seconds since 1970 of any form of a date that the house reads.
def _instant:
  (if test("^[0-9]{8}$") then .[0:4] + "-" + .[4:6] + "-" + .[6:8] else . end)
  | [capture("^(?<y>[0-9]{4})-(?<m>[0-9]{2})(-(?<d>[0-9]{2})([T ](?<h>[0-9]{2})(:(?<i>[0-9]{2})(:(?<s>[0-9]{2})([.][0-9]+)?)?)?)?(?<z>Z|[+-][0-9]{2}:?[0-9]{2})?)?$")][0]
  | if . == null then error("not a date") else . end
  | . as $d
  | ([(.y | tonumber), (.m | tonumber) - 1, ((.d // "01") | tonumber), ((.h // "0") | tonumber), ((.i // "0") | tonumber),
      ((.s // "0") | tonumber), 0, 0] | mktime
     | if strftime("%m%d") == $d.m + ($d.d // "01") then . else error("there is no such day") end)
    - (if (.z // "Z") == "Z" then 0
       else (.z | gsub(":"; "")) as $z
         | (($z[1:3] | tonumber) * 3600 + ($z[3:5] | tonumber) * 60) * (if $z[0:1] == "-" then -1 else 1 end)
       end);
def _rfc3339: strftime("%Y-%m-%dT%H:%M:%SZ");
def _past(n): . - ((. % n) + n) % n;
def _day: _past(86400);
def _on(f): if . == null then null else _instant | f end;
def _month_start: gmtime | [.[0], .[1], 1, 0, 0, 0, 0, 0] | mktime;
def _next_month: gmtime | (if .[1] == 11 then [.[0] + 1, 0] else [.[0], .[1] + 1] end) + [1, 0, 0, 0, 0, 0] | mktime;

def rfc3339: _on(_rfc3339);
def date: _on(strftime("%Y-%m-%d"));
def month: _on(strftime("%Y-%m"));
def hour: _on(strftime("%Y-%m-%dT%H"));
def hour_start: _on(_past(3600) | _rfc3339);
def day_start: _on(_day | _rfc3339);
def week_start: _on(. + 259200 | _past(604800) | . - 259200 | _rfc3339);
def month_start: _on(_month_start | _rfc3339);
def add_hours(n): n as $n | _on(. + $n * 3600 | _rfc3339);
def add_days(n): n as $n | _on(. + $n * 86400 | _rfc3339);
def add_months(n): n as $n | _on(
  (. - _day) as $time | (gmtime | .[2]) as $day
  | (gmtime | (.[0] * 12 + .[1] + $n) | [((. - . % 12) / 12), . % 12, 1, 0, 0, 0, 0, 0] | mktime) as $first
  | ((($first | _next_month) - $first) / 86400) as $days
  | $first + ([$day, $days] | min - 1) * 86400 + $time | _rfc3339);
def unix: _on(.);
def unix_ms: if . == null then null
  else (_instant * 1000) + ((capture("[.](?<f>[0-9]+)") | (.f + "00")[0:3] | tonumber) // 0) end;
def months: (.end | _instant) as $stop
  | [.start | _instant | select(. < $stop) | _month_start | recurse(_next_month; . < $stop) | strftime("%Y-%m")];
def mdy: if . == null then null
  else split("/") | map(tonumber) | [(if .[2] < 100 then .[2] + 2000 else .[2] end), .[0] - 1, .[1], 0, 0, 0, 0, 0] | mktime | _rfc3339 end;
def year: _on(gmtime | .[0]);
def month_number: _on(gmtime | .[1] + 1);
def day_number: _on(gmtime | .[2]);
def yyyymmdd: if . == null then null
  else tostring | if test("^[0-9]{8}$") then rfc3339 else error("\(.) is not a date such as 20260131") end end;
def from_unix: dec | if . == null then null else floor | _rfc3339 end;
def from_unix_ms: dec | if . == null then null else . / 1000 | floor | _rfc3339 end;
def from_days: dec | if . == null then null else floor * 86400 | _rfc3339 end;
def cycle_start($day): _on(
  _day as $at | ($at | _month_start) as $first
  | def anchor: . as $m | ((($m | _next_month) - $m) / 86400) as $days | $m + ([$day, $days] | min - 1) * 86400;
    ($first | anchor) as $this
  | (if $this <= $at then $this else ($first - 86400 | _month_start | anchor) end) | _rfc3339);

# Texts and ids.

def replace_all(a; b): if . == null then null else a as $a | b as $b | split($a) | join($b) end;
def slug: if . == null then null else ascii_downcase | gsub("[^a-z0-9]+"; "_") | gsub("^_+|_+$"; "") end;
def _id_part: if . == null then "~" else tostring | @uri
  | replace_all("~"; "%7E") | replace_all("!"; "%21") | replace_all("*"; "%2A") | replace_all("'"; "%27")
  | replace_all("("; "%28") | replace_all(")"; "%29") | replace_all("%"; "~") end;
def stable_id: map(_id_part) | join(":");
