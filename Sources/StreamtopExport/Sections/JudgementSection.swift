import StreamtopBase
import StreamtopModel

extension JSONWriter {
    /// The rungs of the buffer ladder that are known of this flow.
    mutating func buffers(_ buffers: [BufferSnapshot]) {
        guard !buffers.isEmpty else { return }
        // By index: a rung is large, and its members are read in place.
        array("buffers", buffers.indices) { json, index in
            json.object { json in
                json.member("layer", buffers[index].layer)
                json.member("direction", buffers[index].direction)
                json.member("side", buffers[index].location)
                json.member("name", buffers[index].name)
                json.member("occupied_bytes", buffers[index].occupiedBytes)
                json.member("capacity_bytes", buffers[index].capacityBytes)
                json.milliseconds("delay_ms", buffers[index].delay)
                json.milliseconds("queue_ms", buffers[index].queue)
                json.member("bound", buffers[index].bound)
                if buffers[index].isPaced { json.member("paced", true) }
                json.member("drops", buffers[index].drops)
                json.ratio("drops_per_s", buffers[index].dropsPerSecond)
                json.member("trend", buffers[index].trend)
                json.member("source", buffers[index].source)
                json.ratio("confidence", buffers[index].confidence)
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
        if counts == DecodeCounts() { return member("decode", Self.noDecodeCounts) }
        object("decode") { $0.decoded(counts) }
    }

    private static let noDecodeCounts = ObjectOfZeros { $0.decoded(DecodeCounts()) }

    private mutating func decoded(_ counts: DecodeCounts) {
        member("truncated", counts.truncated)
        member("malformed", counts.malformed)
        member("unsupported", counts.unsupported)
        member("gaps", counts.gaps)
        member("gap_bytes", counts.gapBytes)
    }
}
