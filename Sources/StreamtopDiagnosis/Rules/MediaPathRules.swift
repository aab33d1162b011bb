import StreamtopBase
import StreamtopModel

/// What the path does to media, by the sender's stamps and the receiver's reports (rules 39, 42, 72 and 85).
enum MediaPathRules {
    static let overuses = Threshold("delay rises beyond the threshold, times in 10 s", 3, .count, source: "own")
    static let trend = Threshold(
        "delay trend, at first", 12.5, .milliseconds, source: "GCC draft section 5.4; libwebrtc TrendlineEstimator")
    static let audioEarly = Threshold("audio before its picture", 45, .milliseconds, source: "ITU-R BT.1359")
    static let audioLate = Threshold("audio behind its picture", 125, .milliseconds, source: "ITU-R BT.1359")
    static let lateShare = Threshold("repairs that came too late", 0.5, .ratio, source: "own")
    static let leastRepairs = Threshold("repairs, at least", 20, .count, source: "own")
    static let lostLater = Threshold("lost after the capture point", 1, .percent, source: "own")
    static let leastLostLater = Threshold("packets lost after it, at least", 20, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            39, "sender_overuse", .application, symptom: "Delay builds up in a call, then quality drops.",
            thresholds: [overuses, trend],
            silentWhen: ["the sender stamps no send times (abs-send-time)", "delay rises and falls at once"],
            needs: .media, judge: .flow(overuse)),
        Rule(
            42, "lip_sync", .application, symptom: "Lips and voice do not fit.", thresholds: [audioEarly, audioLate],
            silentWhen: ["no sender reports of both could be read", "they do not name the same source"],
            needs: .media, judge: .flow(lipSync)),
        Rule(
            72, "repair_too_late", .application,
            symptom: "Lost packets come again, and the picture freezes all the same.",
            thresholds: [lateShare, leastRepairs], silentWhen: ["nothing is sent again"], needs: .media,
            judge: .flow(repairTooLate)),
        Rule(
            85, "lost_after_tap", .application, symptom: "The network looks clean, and the receiver misses packets.",
            thresholds: [lostLater, leastLostLater],
            silentWhen: ["reports are encrypted", "the receiver reports no more than is missing here"], needs: .media,
            judge: .flow(lostAfterTap)),
    ]

    private static func overuse(_ flow: FlowSnapshot) -> Finding? {
        let found = flow.rtp.compactMap { stream in
            stream.transportWide.flatMap { wide in
                wide.mostOveruses >= Int(overuses.value) ? (stream: stream, wide: wide) : nil
            }
        }.max { $0.wide.mostOveruses < $1.wide.mostOveruses }
        guard let found else { return nil }
        // A flow that goes on is judged by its last ten seconds.
        guard flow.isFinal || found.wide.recentOveruses >= Int(overuses.value) else { return nil }
        let queue = found.wide.queueDelayMaximum ?? 0
        return Finding(
            severity: .warning, subject: found.stream.from == .fromClient ? .client : .server,
            summary:
                "The \(MediaWords.sender(found.stream)) sends faster than the path carries: delay rose \(found.wide.mostOveruses) times within ten seconds, up to \(FigureText.time(queue))",
            evidence: [
                .init("overuses_in_10_s", Double(found.wide.mostOveruses)), .init("queue_max_ms", queue.milliseconds),
            ],
            advice: "At the sender: a lower maximum bitrate, pacing. On the path: the queue of the narrowest link.",
            confidence: 0.75)
    }

    private static func lipSync(_ flow: FlowSnapshot) -> Finding? {
        guard let stream = flow.rtp.first(where: { $0.lipSync.map(isOutside) ?? false }), let skew = stream.lipSync
        else {
            return nil
        }
        let isEarly = skew > 0
        return Finding(
            severity: .warning, subject: stream.from == .fromClient ? .client : .server,
            summary:
                "The \(MediaWords.sender(stream))'s sound passes here \(FigureText.time(abs(skew))) \(isEarly ? "before" : "behind") the picture it belongs to",
            evidence: [.init("lip_sync_ms", skew.milliseconds)],
            advice:
                "Whether a player makes up for it depends on its buffers. At the sender: capture both with one clock; in sender reports: map RTP time to NTP anew after a switch.",
            confidence: 0.7)
    }

    private static func isOutside(_ skew: Nanoseconds) -> Bool {
        skew.milliseconds > audioEarly.value || skew.milliseconds < -audioLate.value
    }

    private static func repairTooLate(_ flow: FlowSnapshot) -> Finding? {
        let found = flow.rtp.compactMap { stream in
            let all = stream.lostRepaired ?? 0
            guard Double(all) >= leastRepairs.value else { return nil }
            let share = Double(stream.repairedLate) / Double(all)
            return share > lateShare.value ? (stream: stream, share: share) : nil
        }.max { (left: (stream: RTPStreamSnapshot, share: Double), right) in left.share < right.share }
        guard let (stream, share) = found else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(FigureText.percent(share)) of the packets that the \(MediaWords.sender(stream)) sent again came more than \(FigureText.time(.milliseconds(500))) after the gap: too late for playing",
            evidence: [.init("late_ratio", share), .init("late", Double(stream.repairedLate))],
            advice:
                "FEC instead of retransmission, a deeper buffer where delay does not matter, a nearer relay or SFU.",
            confidence: 0.7)
    }

    /// The receiver's count of a stream against ours, both from the stream's beginning.
    private static func lostAfterTap(_ flow: FlowSnapshot) -> Finding? {
        guard let rtcp = flow.$rtcp?.value else { return nil }
        var found: (stream: RTPStreamSnapshot, lost: Int, share: Double)?
        for stream in flow.rtp where !stream.isRepair && stream.expected > 0 {
            guard let report = rtcp.reports.last(where: { $0.source == stream.source && $0.from != stream.from }) else {
                continue
            }
            let later = report.lost - Int(clamping: stream.lost)
            let share = Double(later) * 100 / Double(stream.expected)
            guard Double(later) >= leastLostLater.value, share >= lostLater.value,
                share > found?.share ?? 0
            else { continue }
            found = (stream, later, share)
        }
        guard let found else { return nil }
        let receiver = found.stream.from == .fromClient ? flow.server : flow.client
        return Finding(
            severity: .warning, subject: found.stream.from == .fromClient ? .server : .client,
            summary:
                "\(receiver.endpoint) reports \(FigureText.count(found.lost, "packet", "packets")) lost that passed here: they are lost behind the capture point",
            evidence: [
                .init("lost_after_tap", Double(found.lost)), .init("lost_at_tap", Double(found.stream.lost)),
                .init("loss_percent", found.share),
            ],
            advice:
                "Captured at the receiver: its socket buffer overflows (raise net.core.rmem_max and SO_RCVBUF, read faster). Captured elsewhere: the path from here to it.",
            confidence: 0.75)
    }
}

/// How streams are named in sentences.
enum MediaWords {
    static func sender(_ stream: RTPStreamSnapshot) -> String { stream.from == .fromClient ? "client" : "server" }
}
