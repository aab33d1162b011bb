import StreamtopBase
import StreamtopModel

/// Problems of the two ends: windows, buffers, applications (rules 9 to 13, 15).
enum EndpointRules {
    static let receiverWatch = Threshold(
        "share of time limited by the receiver, watch", 10, .percent, source: "T-RAT; tcp_info chronographs")
    static let receiverAct = Threshold(
        "share of time limited by the receiver, act", 20, .percent, source: "T-RAT; tcp_info chronographs")
    static let zeroWindow = Threshold("zero window in all", 100, .milliseconds, source: "RFC 9293 section 3.8.6")
    static let zeroShare = Threshold("share of time at zero window, act", 10, .percent, source: "own")
    static let unscaled = Threshold("largest window without scaling", 65_535, .bytes, source: "RFC 7323 section 2")
    static let capHit = Threshold("flight relative to that window", 0.9, .ratio, source: "own")
    static let farAway = Threshold("base round trip, at least", 10, .milliseconds, source: "own")
    static let sendBuffer = Threshold(
        "share of time limited by the send buffer", 10, .percent, source: "tcp_info chronographs")
    static let appShare = Threshold("share of time limited by the sender's application", 80, .percent, source: "T-RAT")
    static let streamBytes = Threshold("payload, at least", 100_000, .bytes, source: "own")
    static let firstFlight = Threshold("first flight, below", 10, .segments, source: "RFC 6928")
    static let longPath = Threshold("base round trip of a long path", 50, .milliseconds, source: "own")

    static let rules: [Rule] = [
        Rule(
            9, "receiver_limited", .endpoint, symptom: "The receiver's window holds the sender back.",
            thresholds: [receiverWatch, receiverAct],
            silentWhen: ["the scale of the window was not captured: its field bounds nothing"], yieldsTo: [10, 11],
            needs: .limits,
            judge: .sender(receiverLimited)),
        Rule(
            10, "zero_window", .endpoint, symptom: "The receiver closes its window: nobody reads.",
            thresholds: [zeroWindow, zeroShare], hold: .atOnce, needs: .waits, judge: .sender(zeroWindowStall)),
        Rule(
            11, "window_scaling_missing", .endpoint, symptom: "The window can never exceed 64 KB on a long path.",
            thresholds: [unscaled, capHit, farAway, receiverWatch],
            silentWhen: ["the handshake was not captured with all of its options", "the window is not what limits"],
            needs: [.receiveWindow, .limits], judge: .sender(scalingMissing)),
        Rule(
            12, "send_buffer", .endpoint, symptom: "The sender's own buffer is too small to fill the path.",
            thresholds: [sendBuffer], needs: .limits, judge: .sender(sendBufferLimited)),
        Rule(
            13, "sender_paced", .endpoint, symptom: "The sender has no more to say: a live encoder, or pauses.",
            thresholds: [appShare, streamBytes],
            silentWhen: ["anything else about the flow needs attention"], needs: .limits, judge: .sender(senderPaced)),
        Rule(
            15, "small_initial_window", .endpoint, symptom: "A long path begins with a small first flight.",
            thresholds: [firstFlight, longPath],
            silentWhen: ["the first flight ended in a short segment: there was no more to send"],
            hold: .atOnce, needs: .firstFlight, judge: .sender(smallStart)),
    ]

    private static func receiverLimited(_ end: borrowing SenderCase) -> Finding? {
        // The kernel of a sender on this host keeps the time itself: what packets suggest yields to it.
        guard let share = end.kernelReceiverShare ?? end.share(\.receiver), share * 100 > receiverWatch.value else {
            return nil
        }
        let offered = end.peer?.receiveWindow
        // A window of unknown scale bounds nothing; closed, it is rule 10's.
        guard end.tcp == nil || offered != nil else { return nil }
        let size = offered.map { " (largest \(FigureText.bytes($0.maximum)))" } ?? ""
        var evidence: [Verdict.Evidence] = [
            .init("receiver_limited_ratio", share), .init("window_full", Double(end.tcp?.windowFull ?? 0)),
        ]
        if let offered { evidence.append(.init("receive_window_max_bytes", Double(offered.maximum))) }
        if let kernel = end.kernelReceiverShare { evidence.append(.init("kernel_receiver_limited_ratio", kernel)) }
        let window = end.tcp == nil ? "flow control" : "receive window"
        let here = end.tcp == nil ? nil : end.local.flatMap { $0.end == end.sender.reversed ? $0 : nil }
        return Finding(
            severity: share * 100 > receiverAct.value ? .critical : .warning, subject: end.receiverSubject,
            summary:
                "The \(end.receiverName)'s \(window)\(size) holds the \(end.senderName) back \(FigureText.percent(share)) of the time",
            evidence: evidence,
            advice: end.tcp == nil
                ? "At the \(end.receiverName): larger initial_max_data and initial_max_stream_data, at twice rate times RTT, or read faster."
                : here?.receiveBuffer(rate: end.figures.maxRate, base: end.baseRoundTrip)
                    ?? "At the \(end.receiverName): let the buffer grow (net.ipv4.tcp_rmem maximum at twice rate times RTT, no fixed SO_RCVBUF) or read faster. A player with a full buffer does this on purpose.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 100))
    }

    private static func zeroWindowStall(_ end: borrowing SenderCase) -> Finding? {
        guard let waits = end.waits else { return nil }
        let closed = waits.withoutCredit
        guard closed.milliseconds > zeroWindow.value else { return nil }
        let life = max(end.life, 1)
        let share = min(1, Double(closed) / Double(life))
        let unread = end.peer?.receiveWindow.map(\.occupied) ?? 0
        let shut = end.tcp == nil ? "it gave no credit to send" : "its window was shut"
        let held = unread > 0 ? "; \(FigureText.bytes(unread)) lie unread" : ""
        return Finding(
            severity: share * 100 > zeroShare.value ? .critical : .warning, subject: end.receiverSubject,
            summary:
                "The \(end.receiverName)'s application does not read: \(shut) for \(FigureText.time(closed)) (\(FigureText.percent(share)) of the flow)\(held)",
            evidence: [
                .init("zero_window_ms", closed.milliseconds), .init("episodes", Double(waits.creditEpisodes)),
                .init("zero_window_ratio", share), .init("unread_bytes", Double(unread)),
            ],
            advice:
                "At the \(end.receiverName): look at the thread that reads, decodes or writes to disk. If it is a player that pauses on a full buffer, there is nothing to do.",
            confidence: end.confidence(samples: (end.peer?.zeroWindows ?? waits.creditEpisodes) + 1, enough: 2))
    }

    private static func scalingMissing(_ end: borrowing SenderCase) -> Finding? {
        guard let tcp = end.tcp, let peer = end.peer, tcp.mssBytes != nil, peer.mssBytes != nil, tcp.areOptionsWhole,
            peer.areOptionsWhole,
            tcp.windowScale == nil || peer.windowScale == nil, let window = peer.receiveWindow,
            !window.scaleUnknown, window.maximum <= Int(unscaled.value), let flight = end.figures.inFlight,
            Double(flight.maximum) >= capHit.value * Double(window.maximum), let base = end.baseRoundTrip,
            base.milliseconds >= farAway.value, let share = end.share(\.receiver), share * 100 > receiverWatch.value
        else { return nil }
        let bound = Double(window.maximum) * 8 / base.seconds
        let culprit = peer.windowScale == nil ? end.receiverName : end.senderName
        return Finding(
            severity: .warning, subject: peer.windowScale == nil ? end.receiverSubject : end.senderSubject,
            summary:
                "Without window scaling the \(end.receiverName)'s window stays at \(FigureText.bytes(window.maximum)): at \(FigureText.time(base)) RTT no more than \(FigureText.rate(bound))",
            evidence: [
                .init("receive_window_max_bytes", Double(window.maximum)), .init("base_rtt_ms", base.milliseconds),
                .init("bound_bps", bound), .init("receiver_limited_ratio", share),
            ],
            advice:
                "The \(culprit)'s SYN has no window scale: set net.ipv4.tcp_window_scaling=1 there, or find the middlebox that strips the option.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 100))
    }

    private static func sendBufferLimited(_ end: borrowing SenderCase) -> Finding? {
        guard let limited = end.figures.sendBufferLimited, let analysed = end.analysed else { return nil }
        let share = min(1, Double(limited) / Double(analysed))
        guard share * 100 > sendBuffer.value else { return nil }
        let here = end.local.flatMap { $0.end == end.sender ? $0 : nil }
        return Finding(
            severity: .warning, subject: end.senderSubject,
            summary:
                "The \(end.senderName)'s own socket buffer was too small \(FigureText.percent(share)) of the time: the path could carry more",
            evidence: [.init("send_buffer_limited_ratio", share)],
            advice: here?.sendBuffer(rate: end.figures.maxRate, base: end.baseRoundTrip)
                ?? "At the sender (\(end.senderName)): net.ipv4.tcp_wmem maximum at twice rate times RTT, and no fixed SO_SNDBUF.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 100))
    }

    private static func senderPaced(_ end: borrowing SenderCase) -> Finding? {
        guard let share = end.share(\.application), share * 100 > appShare.value,
            end.figures.uniqueBytes >= UInt64(streamBytes.value), end.figures.uniqueBytes >= end.peerBytes
        else { return nil }
        let rate = end.figures.goodput.map { " at \(FigureText.rate($0))" } ?? ""
        return Finding(
            severity: .info, subject: end.senderSubject,
            summary:
                "The \(end.senderName)'s application sets the pace\(rate): it had nothing to send \(FigureText.percent(share)) of the time",
            evidence: [.init("application_limited_ratio", share)],
            advice:
                "Nothing to do on the network. If the player's buffer shrinks all the same, look at origin and encoder.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 50))
    }

    private static func smallStart(_ end: borrowing SenderCase) -> Finding? {
        guard end.tcp != nil else { return smallStartOfPackets(end) }
        // Full segments carry the MSS less the timestamp option (12 bytes, RFC 7323).
        guard let first = end.figures.initialWindowBytes, let mss = end.tcp?.mssBytes ?? end.peer?.mssBytes, mss > 12,
            let base = end.baseRoundTrip, base.milliseconds >= longPath.value
        else { return nil }
        let full = end.tcp?.timestamps == true ? mss - 12 : mss
        guard first >= full, first % full == 0, first < Int(firstFlight.value) * full,
            end.figures.uniqueBytes >= 40 * UInt64(full)
        else { return nil }
        let segments = first / full
        return Finding(
            severity: .warning, subject: end.senderSubject,
            summary:
                "The \(end.senderName) began with \(FigureText.count(segments, "segment", "segments")) on a path of \(FigureText.time(base)): every doubling costs another round trip",
            evidence: [
                .init("initial_cwnd_bytes", Double(first)), .init("segments", Double(segments)),
                .init("base_rtt_ms", base.milliseconds),
            ],
            advice: "At the sender (\(end.senderName)): ip route change … initcwnd 10 (or more).", confidence: 0.7)
    }

    /// QUIC: the first flight of full packets, counted in the least that a full packet has (RFC 9000 section 14).
    private static func smallStartOfPackets(_ end: borrowing SenderCase) -> Finding? {
        let full = 1200
        guard let first = end.figures.initialWindowBytes, let base = end.baseRoundTrip,
            base.milliseconds >= longPath.value, first >= full, first < (Int(firstFlight.value) - 1) * full,
            end.figures.uniqueBytes >= 40 * UInt64(full), end.isCaptureComplete
        else { return nil }
        let packets = first / full
        return Finding(
            severity: .warning, subject: end.senderSubject,
            summary:
                "The \(end.senderName) began with \(FigureText.count(packets, "packet", "packets")) on a path of \(FigureText.time(base)): every doubling costs another round trip",
            evidence: [
                .init("initial_cwnd_bytes", Double(first)), .init("segments", Double(packets)),
                .init("base_rtt_ms", base.milliseconds),
            ],
            advice: "At the sender (\(end.senderName)): an initial window of ten packets (RFC 9002 section 7.2).",
            confidence: 0.7)
    }
}
