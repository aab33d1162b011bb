import StreamtopBase
import StreamtopModel

/// Problems of loss recovery: reordering, timeouts, lost tails, restarts (rules 5 to 8, 16), and marks instead of loss
/// (rules 20, 21).
enum RecoveryRules {
    static let spuriousShare = Threshold(
        "needless retransmissions among all", 10, .percent, source: "RFC 8985, own figure")
    static let spuriousLeast = Threshold("needless retransmissions, at least", 3, .count, source: "own")
    static let spuriousRate = Threshold(
        "needless retransmissions per data segment", 0.1, .percent, source: "RFC 2883, own figure")
    static let lateShare = Threshold("segments out of order", 1, .percent, source: "RFC 4737, own figure")
    static let lateLeast = Threshold("segments out of order, at least", 10, .count, source: "own")
    static let extent = Threshold("reordering extent", 3, .segments, source: "duplicate ACK threshold, RFC 5681")
    static let timeouts = Threshold("timeouts within 10 s", 2, .count, source: "own")
    static let backoff = Threshold("timeouts in a row", 2, .count, source: "RFC 6298 section 5.5")
    static let tailShare = Threshold(
        "recoveries of a response's last segment", 20, .percent, source: "RFC 8985 section 7")
    static let recoveries = Threshold("recoveries, at least", 5, .count, source: "own")
    static let restartShare = Threshold(
        "idle periods that end in a restart", 50, .percent, source: "RFC 5681 section 4.1")
    static let restarts = Threshold("restarts, at least", 3, .count, source: "own")
    static let marked = Threshold("packets marked CE", 1, .percent, source: "own")
    static let data = Threshold("data segments, at least", 100, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            5, "spurious_retransmission", .path, symptom: "Data is sent again that had arrived.",
            thresholds: [spuriousShare, spuriousLeast, spuriousRate, data],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [6], needs: .repairs,
            judge: .sender(spurious)),
        Rule(
            6, "reordering", .path, symptom: "Packets overtake each other.",
            thresholds: [lateShare, lateLeast, extent],
            silentWhen: ["the capture itself missed packets"], needs: .disorder, judge: .sender(reordering)),
        Rule(
            7, "timeout_stall", .path, symptom: "The flow stands still until a timer fires.",
            thresholds: [timeouts, backoff], yieldsTo: [8, 10, 18], hold: .atOnce, needs: .waits,
            judge: .sender(timeoutStall)),
        Rule(
            8, "tail_loss", .path, symptom: "Short responses hang at their end.", thresholds: [tailShare, recoveries],
            yieldsTo: [18], needs: .waits, judge: .sender(tailLoss)),
        Rule(
            16, "slow_start_after_idle", .endpoint, symptom: "Every segment after a pause starts slowly.",
            thresholds: [restartShare, restarts], needs: .restarts, judge: .sender(idleRestart)),
        Rule(
            20, "ecn_bleached", .path, symptom: "ECN was agreed upon, and no packet carries it.", thresholds: [data],
            silentWhen: ["the capture was taken at the sender, where the path has not touched the marks yet"],
            needs: [.repetitions, .marks], judge: .sender(bleached)),
        Rule(
            21, "aqm_marking", .path, symptom: "A queue asks senders to slow down before it overflows.",
            thresholds: [marked, data], silentWhen: ["packets are lost as well"], needs: [.losses, .marks],
            judge: .sender(marking)),
    ]

    private static func spurious(_ end: borrowing SenderCase) -> Finding? {
        let (again, needless) = end.repairs
        guard end.isCaptureComplete, again > 0, end.figures.dataPackets >= Int(data.value) else { return nil }
        let share = Double(needless) / Double(again)
        let rate = Double(needless) / Double(end.figures.dataPackets)
        guard needless >= Int(spuriousLeast.value),
            share * 100 > spuriousShare.value || rate * 100 > spuriousRate.value
        else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(needless) of \(again) \(end.repairsName) by the \(end.senderName) were needless: the first copy had arrived, late or out of order",
            evidence: [
                .init("spurious_ratio", share), .init("retransmissions", Double(again)),
                .init("dsacks", Double(end.tcp?.dsacks ?? 0)),
                .init("reorder_extent", Double(end.figures.reorderExtent)),
            ],
            advice:
                "Look for delay spikes and for links that spread one flow over several paths (LAG or ECMP per packet). \(end.reorderingAdvice)",
            confidence: end.confidence(samples: needless + 5, enough: 10))
    }

    private static func reordering(_ end: borrowing SenderCase) -> Finding? {
        guard end.isCaptureComplete, end.figures.dataPackets > 0, end.figures.outOfOrder >= Int(lateLeast.value),
            end.figures.reorderExtent >= Int(extent.value)
        else { return nil }
        let share = Double(end.figures.outOfOrder) / Double(end.figures.dataPackets)
        guard share * 100 > lateShare.value else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(FigureText.percent(share)) of the \(end.senderName)'s segments arrive out of order, up to \(end.figures.reorderExtent) places late",
            evidence: [
                .init("out_of_order_ratio", share), .init("out_of_order", Double(end.figures.outOfOrder)),
                .init("reorder_extent", Double(end.figures.reorderExtent)),
            ],
            advice:
                "Look for per-packet balancing (LAG, ECMP, several radio links) on the path. \(end.reorderingAdvice)",
            confidence: end.confidence(samples: end.figures.outOfOrder, enough: 20))
    }

    private static func timeoutStall(_ end: borrowing SenderCase) -> Finding? {
        guard let waits = end.waits else { return nil }
        let longest = waits.longestBackoff
        guard end.hadTimeoutBurst || Double(longest) >= backoff.value else { return nil }
        let count = waits.timeouts
        guard count > 0 else { return nil }
        let row = longest >= 2 ? ", \(longest) in a row" : ""
        return Finding(
            severity: longest >= 3 ? .critical : .warning, subject: .path,
            summary:
                "The \(end.senderName) stood still until its timer fired: \(FigureText.count(count, "timeout", "timeouts"))\(row)",
            evidence: [.init("timeouts", Double(count)), .init("longest_backoff", Double(longest))],
            advice:
                "Find what loses the repairs or the last segments of responses; a shorter round trip shortens every wait. \(end.timerAdvice)",
            confidence: end.isCaptureComplete ? 0.9 : 0.4)
    }

    private static func tailLoss(_ end: borrowing SenderCase) -> Finding? {
        guard let waits = end.waits, waits.recoveries >= Int(recoveries.value) else { return nil }
        let (all, tails) = (waits.recoveries, waits.tailRecoveries)
        let share = Double(tails) / Double(all)
        guard share * 100 > tailShare.value else { return nil }
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(tails) of \(all) loss recoveries repaired the last segment of a response of the \(end.senderName), which nothing but a timer can notice",
            evidence: [.init("tail_ratio", share), .init("recoveries", Double(all))],
            advice: end.tcp == nil
                ? "At the sender (\(end.senderName)): write responses in larger pieces, and let a probe carry the data that is outstanding (RFC 9002 section 6.2.4)."
                : "At the sender (\(end.senderName)): write responses in larger pieces or over fewer connections (HTTP/2, HTTP/3), keep tail probes on (net.ipv4.tcp_early_retrans=3).",
            confidence: end.confidence(samples: all, enough: 10))
    }

    private static func idleAdvice(_ end: borrowing SenderCase) -> String {
        guard let here = end.local, here.end == end.sender, here.settings.slowStartAfterIdle != nil else {
            return
                "At the sender (\(end.senderName)): net.ipv4.tcp_slow_start_after_idle=0, with pacing (net.core.default_qdisc=fq)."
        }
        return here.windowOverPauses
            ?? "On this host net.ipv4.tcp_slow_start_after_idle is 0 already: the window shrank because little was written (RFC 7661); pace what follows a pause (SO_MAX_PACING_RATE)."
    }

    private static func idleRestart(_ end: borrowing SenderCase) -> Finding? {
        guard let cut = end.figures.idleRestarts, let pauses = end.figures.idlePeriods, pauses > 0,
            cut >= Int(restarts.value)
        else { return nil }
        let share = Double(cut) / Double(pauses)
        guard share * 100 >= restartShare.value else { return nil }
        return Finding(
            severity: .warning, subject: end.senderSubject,
            summary: "After \(cut) of \(pauses) pauses the \(end.senderName) began again with a small window",
            evidence: [.init("idle_restarts", Double(cut)), .init("idle_periods", Double(pauses))],
            advice: end.tcp == nil
                ? "At the sender (\(end.senderName)): keep the window over pauses, and pace what follows one (RFC 9002 section 7.8)."
                : idleAdvice(end),
            confidence: end.confidence(samples: pauses, enough: 6))
    }

    private static func bleached(_ end: borrowing SenderCase) -> Finding? {
        guard end.tcp?.ecnNegotiated == true, end.vantage != nil, !end.isTapAtSender,
            end.figures.dataPackets >= Int(data.value), end.figures.ectPackets == 0, end.figures.cePackets == 0
        else { return nil }
        return Finding(
            severity: .info, subject: .path,
            summary:
                "ECN was agreed upon, but none of the \(end.senderName)'s \(end.figures.dataPackets) data segments carries it: a hop on the way clears the marks",
            evidence: [.init("data_segments", Double(end.figures.dataPackets)), .init("ect_packets", 0)],
            advice: "Find the router that rewrites the traffic class, or do without ECN here.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 200) * 0.8)
    }

    private static func marking(_ end: borrowing SenderCase) -> Finding? {
        guard end.figures.dataPackets >= Int(data.value), let loss = end.figures.lossRatio,
            loss * 100 < PathRules.lossWatch.value
        else { return nil }
        let share = Double(end.figures.cePackets) / Double(max(end.tcp?.segments ?? end.figures.dataPackets, 1))
        guard share * 100 > marked.value else { return nil }
        return Finding(
            severity: .info, subject: .path,
            summary:
                "A queue on the path slows the \(end.senderName) by marks instead of loss: \(FigureText.percent(share)) of its packets are marked",
            evidence: [.init("ce_ratio", share), .init("loss_ratio", loss)],
            advice: "This is as it should be. If the sender is L4S (ECT(1)), check that the queue is too.",
            confidence: end.confidence(samples: end.figures.dataPackets, enough: 200))
    }
}
