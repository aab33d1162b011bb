/// A counted irregularity of a flow. Closed list; the raw value is the name in JSON.
package enum Anomaly: String, Sendable, CaseIterable {
    /// A frame's stamp lies before that of the frame captured before it.
    case timestampBackwards = "ts_backwards"
    /// A segment acknowledges data that no segment carried.
    case ackOfUnseenData = "ack_of_unseen_data"
    /// SACK blocks lie outside the window, or shrink: a middlebox rewrote sequence numbers, or the receiver reneged.
    case sackOutsideWindow = "sack_outside_window"
    /// The receiver moved the right edge of its window to the left (RFC 9293 section 3.8.6 discourages it).
    case windowShrunk = "window_shrunk"
    /// A sender sent beyond the window offered to it.
    case beyondWindow = "beyond_window"
    /// TCP options did not follow their length rules.
    case badOptions = "bad_options"
    /// A reset whose hop limit differs from the flow's by more than two: someone on the path may have sent it.
    case resetFromElsewhere = "reset_from_elsewhere"
    /// A reset answered a SYN and acknowledged nothing of it: its receiver ignores it (RFC 9293 section 3.10.7.3).
    case resetIgnored = "reset_ignored"
    /// A new connection used the ports of an old one.
    case portReused = "port_reused"
    /// Fragments overlapped with different bytes.
    case fragmentOverlap = "fragment_overlap"
    /// The path's length changed: hop limits moved and stayed.
    case hopLimitChanged = "hop_limit_changed"
    /// An ICMP error quoted this flow.
    case icmpError = "icmp_error"
    /// Flags that make no sense together.
    case strangeFlags = "strange_flags"
    /// The payload contradicts bytes seen before at the same offset of the stream.
    case overlapDiffers = "overlap_differs"
    /// More was under way than is kept of one flow: the oldest was forgotten, and what is told of it is less sure.
    case tableFull = "table_full"
    /// An HTTP/1.1 message states its length in ways that contradict each other (RFC 9112 section 6.3).
    case httpLengthConflict = "http_length_conflict"
    /// Bytes between HTTP/1.1 messages are no message.
    case httpMalformed = "http_malformed"
    /// A response came before its request was over.
    case earlyResponse = "early_response"
    /// A violation that a protocol's own section describes.
    case protocolViolation = "protocol_violation"
}

/// How often each anomaly was seen; fixed size, no allocation until one is.
package struct AnomalyCounts: Equatable, Sendable {
    private var counts: [Anomaly: Int] = [:]

    package init() {}

    package mutating func record(_ anomaly: Anomaly, times: Int = 1) {
        counts[anomaly, default: 0] += times
    }

    package mutating func add(_ other: AnomalyCounts) {
        for (anomaly, count) in other.counts { record(anomaly, times: count) }
    }

    package subscript(_ anomaly: Anomaly) -> Int { counts[anomaly] ?? 0 }

    package var isEmpty: Bool { counts.isEmpty }

    /// Name and count, sorted by name.
    package var sorted: [(name: String, count: Int)] {
        if counts.isEmpty { return [] }
        return counts.map { (name: $0.key.rawValue, count: $0.value) }.sorted { $0.name < $1.name }
    }
}
