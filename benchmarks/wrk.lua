-- One request after the other from a file: token, then body, separated by a tab. Without a file, plain GET requests.
-- The summary goes to standard output as one JSON object on a line of its own.
local requests, position = {}, 0

function init(args)
  if not args[1] then return end
  local offset = tonumber(args[2] or "0")
  for line in io.lines(args[1]) do
    local token, body = line:match("^([^\t]*)\t(.*)$")
    table.insert(requests, wrk.format("POST", nil, {
      ["Authorization"] = "Bearer " .. token, ["Content-Type"] = "application/json"
    }, body))
  end
  position = offset % #requests
end

function request()
  if #requests == 0 then return wrk.format("GET") end
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency, _)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "errors": %d, "p50_ms": %.4f, "p99_ms": %.4f, "bytes": %d}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.bytes
  ))
end
