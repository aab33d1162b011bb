import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// The rungs of the buffer ladder that are known of this flow.
    mutating func buffers(_ buffers: [BufferSnapshot]) {
        guard !buffers.isEmpty else { return }
        array("buffers", buffers) { json, buffer in
            json.object { json in
                json.member("layer", buffer.layer)
                json.member("direction", buffer.direction)
                json.member("side", buffer.side)
                json.member("name", buffer.name)
                json.member("occupied_bytes", buffer.occupiedBytes)
                json.member("capacity_bytes", buffer.capacityBytes)
                json.milliseconds("delay_ms", buffer.delay)
                json.milliseconds("queue_ms", buffer.queue)
                json.member("bound", buffer.bound)
                if buffer.isPaced { json.member("paced", true) }
                json.member("drops", buffer.drops)
                json.ratio("drops_per_s", buffer.dropsPerSecond)
                json.member("trend", buffer.trend)
                json.member("source", buffer.source)
                json.ratio("confidence", buffer.confidence)
            }
        }
    }

    mutating func verdicts(_ verdicts: [Verdict]) {
        array("verdicts", verdicts) { json, verdict in
            json.object { json in
                json.member("rule", verdict.rule)
                json.member("rule_number", verdict.ruleNumber)
                json.member("severity", verdict.severity)
                json.member("subject", verdict.subject)
                json.member("direction", verdict.direction)
                json.member("summary", verdict.summary)
                json.object("evidence") { json in
                    for figure in verdict.evidence where figure.value.isFinite {
                        json.keyEscaped(figure.name)
                        json.decimal(figure.value)
                    }
                }
                json.member("advice", verdict.advice)
                json.time("first_ts", verdict.firstSeen)
                json.ratio("confidence", verdict.confidence)
            }
        }
    }

    mutating func health(_ score: HealthScore?) {
        guard let score else { return }
        object("health") { json in
            json.ratio("score", score.value)
            json.member("worst", score.worst)
        }
    }

    mutating func anomalies(_ counts: AnomalyCounts) {
        object("anomalies") { json in
            for anomaly in counts.sorted { json.member(named: anomaly.name, anomaly.count) }
        }
    }

    mutating func decodeCounts(_ counts: DecodeCounts) {
        object("decode") { json in
            json.member("truncated", counts.truncated)
            json.member("malformed", counts.malformed)
            json.member("unsupported", counts.unsupported)
            json.member("gaps", counts.gaps)
            json.member("gap_bytes", counts.gapBytes)
        }
    }
}
