import StreamtopBase
import StreamtopModel

/// Contribution and delivery of media by protocols of their own: RTMP, RTSP, SRT, transport streams (rules 70, 73, 75, 97).
enum MediaFlowRules {
    static let backlog = Threshold(
        "media fallen behind while it came", 1_000, .milliseconds,
        source: "own: more than encoders and key frames make arrivals uneven")
    static let backlogDrift = Threshold("media falls behind in a minute, at least", 50, .milliseconds, source: "own")
    static let leastWatched = Threshold("media watched, at least", 5_000, .milliseconds, source: "own")
    static let leastDropped = Threshold("packets dropped, at least", 3, .count, source: "own")
    static let budget = Threshold(
        "latency in round trips below", 3, .count, source: "SRT Alliance deployment guide: 3 to 4 for one more try")
    static let leastAcknowledgements = Threshold("acknowledgements, at least", 10, .count, source: "own")
    static let leastErrors = Threshold("continuity errors, at least", 3, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            70, "sender_backlog", .application, symptom: "Live latency grows and grows.",
            thresholds: [backlog, backlogDrift, leastWatched],
            silentWhen: ["nothing came for more than a second: a pause is no backlog", "the media's clock jumped"],
            needs: .mediaClock, judge: .flow(senderBacklog)),
        Rule(
            73, "sender_dropped", .application, symptom: "Pictures are missing though TCP lost nothing.",
            thresholds: [leastDropped], silentWhen: ["the capture has holes in the stream"], needs: .media,
            judge: .flow(senderDropped)),
        Rule(
            75, "srt_latency_small", .application, symptom: "Contribution breaks up at every loss.",
            thresholds: [budget, leastAcknowledgements],
            silentWhen: ["latency or round trip is not known"], needs: .contribution, judge: .flow(latencySmall)),
        Rule(
            97, "ts_broken_before_tap", .application, symptom: "Blocks and clicks, with no loss on the network.",
            thresholds: [leastErrors],
            silentWhen: ["the carrier does not number its packets (UDP)", "a hole of the carrier explains it"],
            hold: .atOnce, needs: .contribution, judge: .flow(brokenBeforeTap)),
    ]

    /// The clock of the media in a flow over TCP, and the end that sends it.
    private static func clock(_ flow: FlowSnapshot) -> (clock: MediaClockSnapshot, from: Direction)? {
        if let rtmp = flow.$rtmp?.value, let clock = rtmp.mediaClock {
            return (clock, rtmp.role == .publish ? .fromClient : .fromServer)
        }
        if let rtsp = flow.$rtsp?.value, let clock = rtsp.mediaClock {
            let isRecorded = rtsp.methods.contains { $0.name == "RECORD" }
            return (clock, isRecorded ? .fromClient : .fromServer)
        }
        if let socket = flow.$webSocket?.value, let clock = socket.mediaClock { return (clock, socket.mediaFrom) }
        return nil
    }

    private static func senderBacklog(_ flow: FlowSnapshot) -> Finding? {
        guard let (clock, from) = clock(flow), let behind = clock.backlog, let drift = clock.driftPerMinute,
            behind.milliseconds >= backlog.value, drift >= backlogDrift.value,
            clock.wall * 1_000 >= leastWatched.value
        else { return nil }
        let name = from == .fromClient ? "client" : "server"
        return Finding(
            severity: .warning, subject: from == .fromClient ? .client : .server,
            summary:
                "The \(name)'s media has fallen \(FigureText.time(behind)) behind while it kept coming: it waits at the sender",
            evidence: [
                .init("backlog_ms", behind.milliseconds), .init("drift_ms_per_min", drift),
                .init("advance_s", clock.advance), .init("wall_s", clock.wall),
            ],
            advice:
                "At the sender: lower the bitrate below what the path carries, or drop frames when the send buffer grows. Where the path is not full: the source itself is late.",
            confidence: 0.85)
    }

    private static func senderDropped(_ flow: FlowSnapshot) -> Finding? {
        guard flow.transport == .tcp, flow.$rtsp != nil, flow.decode.gaps == 0 else { return nil }
        var lost: UInt64 = 0
        var from = Direction.fromServer
        for stream in flow.rtp where !stream.isRepair && stream.lost > 0 {
            lost &+= UInt64(stream.lost)
            from = stream.from
        }
        guard Double(lost) >= leastDropped.value else { return nil }
        let name = from == .fromClient ? "client" : "server"
        return Finding(
            severity: .warning, subject: from == .fromClient ? .client : .server,
            summary:
                "\(FigureText.count(Int(clamping: lost), "packet", "packets")) of the \(name)'s media are missing inside an unbroken TCP stream: the sender dropped them",
            evidence: [.init("dropped", Double(lost))],
            advice:
                "Its send buffer was full: the reader or the path takes less than the media needs. Lower the bitrate, or find what holds the reader.",
            confidence: 0.9)
    }

    private static func latencySmall(_ flow: FlowSnapshot) -> Finding? {
        guard let srt = flow.$srt?.value, let ratio = srt.budget, ratio < budget.value, let trip = srt.roundTrip,
            Double(trip.samples) >= leastAcknowledgements.value, let latency = srt.latency[srt.sender.reversed]
        else { return nil }
        let gone = srt.unrecovered &+ (srt.tooLate ?? 0)
        let name = srt.sender == .fromClient ? "server" : "client"
        return Finding(
            severity: gone > 0 || srt.retransmitted > 0 ? .warning : .info,
            subject: srt.sender == .fromClient ? .server : .client,
            summary:
                "The \(name)'s SRT latency of \(FigureText.time(latency)) is \(FigureText.number(ratio)) round trips: a lost packet has time for one more try at most",
            evidence: [
                .init("budget_ratio", ratio), .init("latency_ms", latency.milliseconds),
                .init("rtt_p50_ms", trip.p50.milliseconds), .init("lost", Double(srt.lost)),
                .init("lost_for_good", Double(gone)),
            ],
            advice: "Set the latency at both ends to 4 round trips (\(FigureText.time(4 * trip.p50))) or more.",
            confidence: 0.9)
    }

    private static func brokenBeforeTap(_ flow: FlowSnapshot) -> Finding? {
        guard let stream = flow.$transportStream?.value, Double(stream.errorsBeforeTap) >= leastErrors.value else {
            return nil
        }
        let errors = stream.errorsBeforeTap
        return Finding(
            severity: .warning, subject: .host,
            summary:
                "\(FigureText.count(Int(clamping: errors), "continuity error", "continuity errors")) of the transport stream have no hole in the carrier's numbers: it was broken before the capture point",
            evidence: [
                .init("errors_before_tap", Double(errors)),
                .init("continuity_errors", Double(stream.continuityErrors ?? errors)),
            ],
            advice:
                "Look at the encoder or multiplexer, and at what feeds it: the network between it and here lost nothing.",
            confidence: 0.9)
    }
}
