import StreamtopBase
import StreamtopModel

/// What the other end, or a box between, does to a sender (rules 60, 65, 66).
enum PeerRules {
    static let repeats = Threshold("repetitions without an answer", 2, .count, source: "RFC 6298 section 5.5")
    static let silence = Threshold(
        "silence of the peer, at least", 3000, .milliseconds,
        source: "own; three initial timeouts, RFC 6298 section 2.1")

    static let blocks = Threshold("SACK blocks outside of what was sent", 3, .count, source: "own; RFC 2018 section 3")
    static let outside = Threshold("of all SACK blocks", 90, .percent, source: "own")
    static let waits = Threshold("small segments that waited for a delayed ACK", 10, .count, source: "own")
    static let waitShare = Threshold(
        "of the sender's small segments", 25, .percent, source: "own: a message is two or more")

    static let rules: [Rule] = [
        Rule(
            60, "peer_gone", .connectivity, symptom: "Data is sent again and again, and nobody answers.",
            thresholds: [repeats, silence],
            silentWhen: ["the peer still sends anything", "only one direction was captured"], yieldsTo: [18],
            hold: .atOnce, needs: .waits, judge: .sender(peerGone)),
        Rule(
            65, "sack_broken", .path, symptom: "Every loss costs a timeout, although both ends use SACK.",
            thresholds: [blocks, outside],
            silentWhen: ["the capture missed the data that the blocks name"], hold: .atOnce,
            needs: [.repetitions, .unusualPeer],
            judge: .sender(brokenSACK)),
        Rule(
            66, "delayed_ack_stall", .endpoint, symptom: "Each small message takes 40 ms and more.",
            thresholds: [waits, waitShare],
            silentWhen: ["the next message was an answer to data of the other end"],
            needs: [.repetitions, .unusualPeer],
            judge: .sender(delayedAck)),
    ]

    private static func brokenSACK(_ end: borrowing SenderCase) -> Finding? {
        guard end.isCaptureComplete, let offset = end.tcp?.brokenSACKOffset else { return nil }
        let position = offset < 0 ? "below" : "beyond"
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "The \(end.receiverName)'s SACK blocks point \(FigureText.bytes(abs(offset))) \(position) what the \(end.senderName) sent: something on the path rewrites sequence numbers but not SACK, and each loss costs a timeout",
            evidence: [.init("sack_offset_bytes", Double(offset)), .init("timeouts", Double(end.tcp?.timeouts ?? 0))],
            advice:
                "Find the firewall or NAT that randomises sequence numbers and turn that off, or let it translate SACK blocks as well.",
            confidence: 0.9)
    }

    private static func delayedAck(_ end: borrowing SenderCase) -> Finding? {
        guard let tcp = end.tcp, tcp.delayedAckWaits >= Int(waits.value), let wait = tcp.delayedAckWait,
            Double(tcp.delayedAckWaits) * 100 >= waitShare.value * Double(tcp.smallSegments)
        else { return nil }
        return Finding(
            severity: .warning, subject: end.senderSubject,
            summary:
                "Each message of the \(end.senderName) waits \(FigureText.time(wait)) for a delayed acknowledgment (\(FigureText.count(tcp.delayedAckWaits, "time", "times")))",
            evidence: [
                .init("waits", Double(tcp.delayedAckWaits)), .init("small_segments", Double(tcp.smallSegments)),
                .init("wait_ms", wait.milliseconds),
            ],
            advice:
                "At the sender (\(end.senderName)): TCP_NODELAY, or one write for each message instead of several small ones.",
            confidence: end.confidence(samples: tcp.delayedAckWaits, enough: 20) * 0.95)
    }

    private static func peerGone(_ end: borrowing SenderCase) -> Finding? {
        guard let gone = end.waits?.peerGone else { return nil }
        let size = FigureText.bytes(gone.bytes)
        let times = FigureText.count(gone.repeats + 1, "time", "times")
        let summary: String
        if gone.hasLeft {
            summary =
                "The \(end.receiverName) left without taking the last \(size) of the \(end.senderName), which were sent \(times)"
        } else if gone.isSinceHandshake {
            summary =
                "Since the handshake nothing comes back from the \(end.receiverName): \(size) were sent \(times) in \(FigureText.time(gone.silence))"
        } else {
            summary =
                "The \(end.receiverName) has not answered for \(FigureText.time(gone.silence)): \(size) were sent \(times)"
        }
        return Finding(
            severity: gone.hasLeft ? .info : .warning, subject: end.receiverSubject, summary: summary,
            evidence: [
                .init("repetitions", Double(gone.repeats)), .init("silence_ms", gone.silence.milliseconds),
                .init("bytes", Double(gone.bytes)),
            ],
            advice: gone.hasLeft
                ? "Nothing on the path: the \(end.receiverName) closed first. Its application may close after reading what is due."
                : "See whether the \(end.receiverName) still runs and is connected. At the sender (\(end.senderName)): \(end.tcp == nil ? "a shorter max_idle_timeout lets" : "TCP_USER_TIMEOUT or keep-alive let") it give up sooner.",
            confidence: gone.hasLeft ? 0.9 : 0.85)
    }
}
