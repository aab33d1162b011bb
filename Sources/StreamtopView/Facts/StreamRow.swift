import StreamtopBase
import StreamtopModel

/// An RTP stream of a flow, with the streams that only serve it.
struct StreamRow: Sendable {
    var flow: FlowSnapshot
    var stream: RTPStreamSnapshot
    /// The stream that repeats packets of this one.
    var repeats: RTPStreamSnapshot?

    var key: UInt64 {
        (flow.identifier.number & 0x7fff_ffff) << 32 | UInt64(stream.source)
            | (stream.from == .fromClient ? 1 << 63 : 0)
    }

    var sender: EndpointSnapshot { flow.end(stream.from) }
    var receiver: EndpointSnapshot { flow.end(stream.from.reversed) }

    /// All streams of the flows that pass: a flow's together, one direction after the other; layers of one source side by
    /// side, audio beside its video; a stream that repeats another is told on that one's row.
    static func all(_ snapshot: Snapshot, _ filter: Filter) -> [StreamRow] {
        var rows: [StreamRow] = []
        for index in snapshot.flows.indices where !snapshot.flows[index].rtp.isEmpty {
            let flow = snapshot.flows[index]
            guard filter == .all || filter.matches(flow) else { continue }
            var repeating: [UInt32: RTPStreamSnapshot] = [:]
            for stream in flow.rtp {
                if let original = stream.repeats { repeating[original] = stream }
            }
            let own = flow.rtp.filter { stream in
                guard stream.isRepair else { return true }
                // What repairs streams that are not here has nobody else's row to stand on.
                return !flow.rtp.contains { other in
                    other.from == stream.from
                        && (other.source == stream.repeats || stream.protects.contains(other.source))
                }
            }
            let sorted = own.enumerated().sorted { left, right in
                let (a, b) = (left.element, right.element)
                if a.from != b.from { return a.from == .fromClient }
                let (groupA, groupB) = (a.layer?.media ?? "", b.layer?.media ?? "")
                if groupA != groupB { return groupA < groupB }
                return left.offset < right.offset
            }
            rows += sorted.map { StreamRow(flow: flow, stream: $0.element, repeats: repeating[$0.element.source]) }
        }
        return rows
    }

    static func count(_ snapshot: Snapshot) -> Int {
        var count = 0
        for index in snapshot.flows.indices { count += snapshot.flows[index].rtp.count { !$0.isRepair } }
        return count
    }

    /// The newest report of the receiver on this stream.
    var report: RTCPReportRow? { flow.rtcp?.reports.last { $0.source == stream.source && $0.from != stream.from } }

    /// Whether a verdict on the flow may be about this stream: not one on its data channels, nor on losses of another stream.
    private func isConcerned(_ verdict: Verdict) -> Bool {
        switch verdict.rule {
        case "media_loss": stream.lostFinal > 0
        case "repair_too_late", "retransmission_useless": stream.lostRepaired != nil
        case "lost_after_tap": (report?.lost ?? 0) > 0
        case "speech_quality": stream.voice != nil
        case "key_frame_storm", "no_key_frame": stream.isVideo == true
        case "data_channel_timer": false
        default: true
        }
    }

    /// How bad the newest seconds are for the decoder. Own: 2 % lost is heard and seen, 5 % hurts (ITU-T G.1010 asks for less
    /// than 3 % for voice, 1 % for video).
    var severity: Verdict.Severity? {
        if let verdict = flow.verdicts.filter(isConcerned).map(\.severity).max(), verdict > .info { return verdict }
        guard let recent = stream.recent, recent.expected >= 50 else { return nil }
        let ratio = Double(recent.lost) / Double(recent.expected)
        return ratio >= 0.05 ? .critical : ratio >= 0.02 ? .warning : nil
    }
}
