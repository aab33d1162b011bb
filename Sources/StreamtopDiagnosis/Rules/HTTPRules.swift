import StreamtopBase
import StreamtopModel

/// What HTTP/2 and WebSocket themselves add to the delay and the bytes of a connection (rules 47 to 49 and 68).
enum HTTPRules {
    static let blocked = Threshold("waiting for credit, in all", 200, .milliseconds, source: "own")
    static let blockedShare = Threshold("waiting for credit, share of the flow", 10, .percent, source: "own; as rule 9")
    static let smallMessage = Threshold(
        "mean message, below", 32, .bytes, source: "own; a frame header is 2 to 14 bytes")
    static let overhead = Threshold(
        "frame headers, share of bytes", 20, .percent, source: "own; a masked header before 24 bytes")
    static let messages = Threshold("messages, at least", 50, .count, source: "own")
    static let lagTrips = Threshold("answer to a ping beyond this many round trips", 3, .count, source: "own")
    static let lag = Threshold("and this", 50, .milliseconds, source: "own; frames of a picture at 20 a second")

    static let rules: [Rule] = [
        Rule(
            47, "http2_flow_control", .application, symptom: "A download is slow although the path has room.",
            thresholds: [blocked, blockedShare],
            silentWhen: ["TCP would not have let more go either", "there was nothing to send"], hold: .atOnce,
            needs: [.tcp, .http2], judge: .flow(outOfCredit)),
        Rule(
            48, "websocket_overhead", .application, symptom: "Many tiny messages: more header than content.",
            thresholds: [overhead, smallMessage, messages], silentWhen: ["there are few messages"], hold: .atOnce,
            needs: .webSocket, judge: .flow(chatty)),
        Rule(
            49, "event_loop_blocked", .application, symptom: "Answers come late although the path is short.",
            thresholds: [lagTrips, lag], silentWhen: ["the path's own round trip is not known"], hold: .atOnce,
            needs: .webSocket, judge: .flow(slowLoop)),
        Rule(
            68, "http2_push", .application, symptom: "The server sends what nobody asked for.", thresholds: [],
            silentWhen: ["push was promised by nobody"], hold: .atOnce, needs: [.tcp, .http2],
            judge: .flow(pushes)),
    ]

    private static func outOfCredit(_ flow: FlowSnapshot) -> Finding? {
        guard let control = flow.$http2?.value.flowControl, let sender = control.sender else { return nil }
        let byStream = control.blockedByStream > control.blockedByConnection
        let wait = max(control.blockedByStream, control.blockedByConnection)
        let share = Double(wait) / Double(max(flow.end - flow.start, 1))
        guard wait.milliseconds >= blocked.value, share * 100 >= blockedShare.value else { return nil }
        let receiver = sender == .fromClient ? "server" : "client"
        let cap = control.cap.map { "; at this round trip it lets through \(FigureText.rate($0))" } ?? ""
        return Finding(
            severity: .warning, subject: sender == .fromClient ? .server : .client,
            summary:
                "The \(receiver)'s HTTP/2 window for \(byStream ? "a stream" : "the connection") held the sender back for \(FigureText.time(wait)) while TCP would have sent\(cap)",
            evidence: [
                .init("blocked_stream_ms", control.blockedByStream.milliseconds),
                .init("blocked_connection_ms", control.blockedByConnection.milliseconds),
                .init("blocked_ratio", min(1, share)),
            ],
            advice:
                "At the \(receiver): \(byStream ? "SETTINGS_INITIAL_WINDOW_SIZE" : "WINDOW_UPDATE of the connection at its start") of at least rate times RTT, or windows that grow by measurement.",
            confidence: 0.85)
    }

    private static func chatty(_ flow: FlowSnapshot) -> Finding? {
        guard let socket = flow.$webSocket?.value else { return nil }
        for end in Direction.allCases {
            let sent = end == .fromClient ? socket.client : socket.server
            guard Double(sent.messages) >= messages.value else { continue }
            let mean = Double(sent.payloadBytes) / Double(sent.messages)
            let share = Double(sent.headerBytes) / Double(max(sent.headerBytes &+ sent.payloadBytes, 1))
            guard mean < smallMessage.value, share * 100 > overhead.value else { continue }
            let name = end == .fromClient ? "client" : "server"
            return Finding(
                severity: .info, subject: end == .fromClient ? .client : .server,
                summary:
                    "The \(name)'s messages carry \(FigureText.bytes(Int(mean))) each: \(FigureText.percent(share)) of its WebSocket bytes are headers",
                evidence: [.init("overhead_ratio", share), .init("message_bytes", mean)],
                advice: "Gather messages, or write them in a binary form; no permessage-deflate for what is so small.",
                confidence: 0.9)
        }
        return nil
    }

    private static func slowLoop(_ flow: FlowSnapshot) -> Finding? {
        guard let socket = flow.$webSocket?.value else { return nil }
        for end in Direction.allCases {
            let (pinged, path) =
                end == .fromClient ? (socket.client, flow.roundTrip.client) : (socket.server, flow.roundTrip.server)
            guard let lagged = pinged.eventLoopLag, let path else { continue }
            // The ping's round trip is the path's and the lag.
            guard lagged.maximum.milliseconds > (lagTrips.value - 1) * path.p50.milliseconds + lag.value else {
                continue
            }
            let name = end == .fromClient ? "client" : "server"
            let isLasting = lagged.p50.milliseconds > lag.value
            return Finding(
                severity: .warning, subject: end == .fromClient ? .client : .server,
                summary:
                    "The \(name)'s program answered a ping \(FigureText.time(lagged.maximum)) late\(isLasting ? ", and most of them by \(FigureText.time(lagged.p50))" : ""): it was busy, not the path",
                evidence: [
                    .init("event_loop_lag_max_ms", lagged.maximum.milliseconds),
                    .init("event_loop_lag_p50_ms", lagged.p50.milliseconds), .init("rtt_p50_ms", path.p50.milliseconds),
                    .init("samples", Double(lagged.samples)),
                ],
                advice:
                    "At the \(name): find what blocks its event loop (a profile, long callbacks, collection of garbage).",
                confidence: 0.85)
        }
        return nil
    }

    private static func pushes(_ flow: FlowSnapshot) -> Finding? {
        guard let http2 = flow.$http2?.value, http2.pushPromises > 0 else { return nil }
        let wasted = http2.pushesCancelled
        let cost =
            wasted > 0
            ? ": \(FigureText.count(wasted, "was", "were")) refused, and \(FigureText.bytes(Int(clamping: http2.pushesWastedBytes))) came in vain"
            : ""
        return Finding(
            severity: wasted > 0 ? .warning : .info, subject: .server,
            summary:
                "HTTP/2 push is in use: \(FigureText.count(http2.pushPromises, "response was", "responses were")) promised unasked\(cost)",
            evidence: [
                .init("push_promises", Double(http2.pushPromises)), .init("cancelled", Double(wasted)),
                .init("wasted_bytes", Double(http2.pushesWastedBytes)),
            ],
            advice:
                "Turn push off: browsers have dropped it, and caches cannot use it. Preload hints (103) do the same.",
            confidence: 0.95)
    }
}
