import StreamtopBase
import StreamtopModel

extension JSONLinesExporter {
    /// The last record of a run. `duration` runs from the first to the last frame; `elapsed` is the one figure of the
    /// wall clock, nil when the output is to be the same every time. `verdicts` are those about host and capture.
    package mutating func appendSummary(
        _ totals: TrafficTotals, health: CaptureHealth, duration: Nanoseconds, elapsed: Nanoseconds?,
        verdicts: [Verdict] = [], headline: Headline? = nil, kernel: KernelComparison? = nil,
        to buffer: inout RecordBuffer
    ) {
        record("summary", to: &buffer) { json in
            json.member("packets", totals.packets)
            json.member("bytes", totals.bytes)
            json.member("captured_bytes", totals.capturedBytes)
            if let twice = health.seenTwice {
                json.object("seen_twice") { json in
                    json.member("packets", twice.packets)
                    json.member("bytes", twice.bytes)
                    json.member("kind", twice.kind.rawValue)
                }
            }
            json.object("dropped") { json in
                if isLive || health.kernelDrops > 0 { json.member("kernel", health.kernelDrops) }
                if isLive || health.interfaceDrops > 0 { json.member("interface", health.interfaceDrops) }
                json.member("streamtop", health.ownDrops)
            }
            json.milliseconds("duration_ms", duration)
            json.member("flows", totals.flows)
            json.member("sessions", totals.sessions)
            json.member("evicted_flows", totals.evictedFlows)
            let without = totals.evictedWithoutData
            if without.flows > 0 {
                json.object("evicted_without_data") { json in
                    json.member("flows", without.flows)
                    json.member("packets", without.packets)
                    json.member("bytes", without.bytes)
                    json.member("unanswered", without.unanswered)
                }
            }
            if totals.unwrittenFlows > 0 { json.member("unwritten_flows", totals.unwrittenFlows) }
            if let memory = health.memory, memory.releases > 0 {
                json.object("memory") { json in
                    json.member("budget_bytes", UInt64(memory.capacity))
                    json.member("releases", memory.releases)
                    json.member("released_bytes", memory.releasedBytes)
                }
            }
            json.member("truncated_frames", health.truncatedFrames)
            json.member("ts_backwards", health.timestampsBackwards)
            if health.clock.count > 0 { json.member("clock_steps", health.clock.count) }
            json.decodeCounts(health.decode)
            json.undecoded(health.undecoded)
            if let headline {
                json.object("headline") { json in
                    json.member("state", headline.state.rawValue)
                    json.member("rule", headline.rule)
                    json.member("flow", headline.flow.map { "f\($0.number)" })
                    json.member("text", headline.text)
                }
            }
            if !verdicts.isEmpty { json.verdicts(verdicts) }
            if let kernel { json.comparison(kernel) }
            json.milliseconds("behind_max_ms", health.longestBehind)
            json.member("secrets", health.secrets)
            json.member("keylog_trouble", health.keyLogProblem)
            json.member("trouble", health.problem)
            if !health.failedOutputs.isEmpty {
                json.array("failed_outputs", health.failedOutputs) { json, output in
                    json.object { json in
                        json.member("kind", output.kind)
                        json.member("path", output.path)
                        json.member("reason", output.reason)
                    }
                }
            }
            json.milliseconds("elapsed_ms", elapsed)
        }
    }
}

extension JSONWriter {
    /// One member a reason, sorted, equal reasons added up: a name may not come twice in an object.
    fileprivate mutating func undecoded(_ counts: [UndecodedCount]) {
        var sums: [String: UInt64] = [:]
        for count in counts { sums[count.reason, default: 0] &+= count.packets }
        object("undecoded_packets") { json in
            for (reason, packets) in sums.sorted(by: { $0.key < $1.key }) {
                json.keyEscaped(reason)
                json.unsigned(packets)
            }
        }
    }
}
