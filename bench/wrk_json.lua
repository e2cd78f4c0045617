-- Asks for the addresses of the file PATHS in turn and prints one line of JSON at the end.
local paths, at = {}, 0
for line in io.lines(os.getenv("PATHS")) do paths[#paths + 1] = line end
function request()
  at = at % #paths + 1
  return wrk.format(nil, paths[at])
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('JSON {"rate":%.3f,"p99":%.3f,"n":%d,"bad":%d}\n', summary.requests / (summary.duration / 1e6),
    latency:percentile(99) / 1e3, summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
