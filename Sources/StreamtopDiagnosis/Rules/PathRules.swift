import StreamtopBase
import StreamtopModel

/// Problems of the path between the ends: queues and losses (rules 1 to 4, 22, 23).
enum PathRules {
    static let queueWatch = Threshold("queue delay p95, watch", 30, .milliseconds, source: "bufferbloat grade A/B")
    static let queueAct = Threshold(
        "queue delay p95, act", 100, .milliseconds, source: "CoDel interval, RFC 8289 section 4; grade C")
    static let correlation = Threshold(
        "rank correlation of flight and queue delay, above", 0.5, .ratio, source: "own")
    static let pausing = Threshold(
        "share of time without data to send, at most", 0.5, .ratio, source: "own")
    static let standing = Threshold(
        "queue delay p50, watch", 30, .milliseconds, source: "bufferbloat grade A/B, for half of the time")
    static let samples = Threshold("round-trip samples, at least", 20, .count, source: "own")
    static let lossWatch = Threshold("loss, watch", 0.1, .percent, source: "own; the score's good end")
    static let lossAct = Threshold("loss, act", 3, .percent, source: "own")
    static let lossEvents = Threshold("losses of one kind, at least", 3, .count, source: "own")
    static let lossEventsAct = Threshold("losses of one kind, act", 8, .count, source: "own; RFC 5348 averages eight")
    static let lossBase = Threshold("data packets, at least", 50, .count, source: "own")
    static let shortBuffer = Threshold("queue at the losses, short below", 20, .milliseconds, source: "own")
    static let managed = Threshold(
        "largest queue relative to that at the losses, managed above", 3, .ratio, source: "own")
    static let lossMajority = Threshold("share of that kind among judged lost packets", 0.6, .ratio, source: "own")
    static let locatedLosses = Threshold(
        "losses whose side of the capture point is known, at least", 3, .count, source: "own")
    static let locatedShare = Threshold(
        "share of them on one side, at least", 0.9, .ratio, source: "own; a late packet may be taken for a loss")
    static let baseJump = Threshold("jump of the base round trip", 20, .milliseconds, source: "own")
    static let otherDirection = Threshold(
        "queue of the other half relative to this one, below", 0.2, .ratio, source: "own")

    static let rules: [Rule] = [
        Rule(
            1, "bufferbloat", .path, symptom: "Round trips swell while data flows.",
            thresholds: [queueWatch, queueAct, correlation, standing, pausing, samples],
            silentWhen: [
                "the sender had nothing to send most of the time: its flight then follows the delay, not the reverse",
                "the delay neither follows the sender's own flight nor stands for half of the time (Wi-Fi aggregation, radio wake-up)",
            ],
            needs: .queue, judge: .sender(bufferbloat)),
        Rule(
            2, "congestion_loss", .path, symptom: "Packets are lost when the queue is full.",
            thresholds: [
                lossWatch, lossAct, lossEvents, lossEventsAct, lossBase, lossMajority, shortBuffer, managed,
                locatedLosses,
                locatedShare,
            ],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], needs: [.losses, .repairs],
            judge: .sender(congestionLoss)),
        Rule(
            3, "random_loss", .path, symptom: "Packets are lost while no queue stands.",
            thresholds: [lossWatch, lossAct, lossEvents, lossEventsAct, lossBase, lossMajority],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], needs: [.losses, .repairs],
            judge: .sender(randomLoss)),
        Rule(
            4, "policer", .path, symptom: "Bursts of loss pin the rate without any queue.",
            thresholds: [lossWatch, lossAct, lossEvents, lossEventsAct, lossBase, lossMajority],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], needs: [.losses, .repairs],
            judge: .sender(policer)),
        Rule(
            22, "route_change", .path, symptom: "The base round trip jumped and stayed.",
            thresholds: [baseJump, samples],
            hold: .atOnce, judge: .flow(routeChange)),
        Rule(
            23, "access_queue", .path, symptom: "Delay waits on the client's side of the capture point only.",
            thresholds: [queueWatch, queueAct, otherDirection, samples],
            silentWhen: ["the capture was taken at an end: the whole path is then on one side"], yieldsTo: [1],
            judge: .flow(accessQueue)),
    ]

    /// What a verdict on a queue keeps of its certainty after a jump that may be the path's: own.
    private static let afterJump = 0.5

    /// Two ways to know: the delay follows the sender's flight, or it stands for half of the time while the sender is busy.
    private static func bufferbloat(_ end: borrowing SenderCase) -> Finding? {
        guard let queue = end.queue, queue.samples >= Int(samples.value),
            queue.delay.p95.milliseconds >= queueWatch.value,
            end.share(\.application).map({ $0 <= pausing.value }) ?? true
        else { return nil }
        let isBehind = end.holdsAcknowledgmentsOnly(queueOf: queue.span)
        let rho = end.figures.flightDelayCorrelation.flatMap { $0 > correlation.value && !isBehind ? $0 : nil }
        // Between the ends the component that waits says more than the sender does: rules 23 and 79.
        let isStanding =
            end.vantage != .middle && queue.delay.p50.milliseconds >= standing.value && end.analysed != nil
            && end.figures.uniqueBytes >= end.peerBytes
        guard rho != nil || isStanding else { return nil }
        let base = end.baseRoundTrip ?? 0
        let whole = saturatingAdd(base, queue.delay.p95)
        let cause: String
        if rho != nil {
            cause = ", filled by the \(end.senderName)'s data"
        } else if isBehind {
            cause = ": acknowledgments of the \(end.senderName)'s data wait there, not the data"
        } else {
            cause = "; whether the \(end.senderName)'s data fills it was not seen"
        }
        var doubt = ""
        if let jump = end.figures.unsettledJump {
            doubt = "; up to \(FigureText.time(jump)) of it may be a longer path, for the round trip jumped by that"
        }
        var evidence: [Verdict.Evidence] = [
            .init("queue_p95_ms", queue.delay.p95.milliseconds), .init("queue_p50_ms", queue.delay.p50.milliseconds),
            .init("base_rtt_ms", base.milliseconds), .init("samples", Double(queue.samples)),
        ]
        if let rho { evidence.append(.init("flight_delay_correlation", rho)) }
        if let socket = end.local?.socket, let smoothed = socket.smoothedRoundTrip, let least = socket.minimumRoundTrip
        {
            evidence += [
                .init("kernel_srtt_ms", smoothed.milliseconds), .init("kernel_min_rtt_ms", least.milliseconds),
            ]
        }
        var advice = "At the bottleneck: an AQM that keeps its queue short (cake or fq_codel"
        if end.isNetworkLimited, !isBehind, let rate = end.figures.maxRate {
            advice += ", shaped a little below \(FigureText.rate(rate))"
        }
        advice += ")."
        if !isBehind, let bbr = end.bbrAdvice { advice += " \(bbr)" }
        return Finding(
            severity: queue.delay.p95.milliseconds > queueAct.value ? .critical : .warning, subject: .path,
            direction: end.direction(ofQueueIn: queue.span),
            summary:
                "\(FigureText.time(queue.delay.p95)) of \(FigureText.time(whole)) RTT wait \(end.position(ofQueueIn: queue.span))\(cause)\(doubt)",
            evidence: evidence, advice: advice,
            confidence: end.confidence(samples: queue.samples, enough: 50) * (rho.map { min(0.95, $0 + 0.2) } ?? 0.8)
                * (doubt.isEmpty ? 1 : afterJump))
    }

    /// The losses of one kind, when most of the lost packets whose cause could be judged are of it.
    private struct KindOfLoss {
        var events: Int
        /// Lost packets of this kind over packets sent.
        var ratio: Double
        /// Share of this kind among all lost packets, those of unknown cause too.
        var share: Double
    }

    private static func losses(
        _ end: borrowing SenderCase, _ events: (LossCounts) -> Int, _ packets: (LossCounts) -> Int
    ) -> KindOfLoss? {
        let loss = end.figures.loss
        let judged = loss.randomPackets + loss.congestivePackets + loss.policedPackets
        let count = packets(loss)
        guard end.isCaptureComplete, end.figures.dataPackets >= Int(lossBase.value),
            let ratio = end.figures.lossRatio,
            events(loss) >= Int(lossEvents.value), Double(count) >= lossMajority.value * Double(judged)
        else { return nil }
        // Gaps while this host drops on arrival are its own: rules 50 and 51 name the counter.
        guard end.droppedOnArrival < UInt64(max(1, (loss.unknownPackets + judged) / 2))
        else { return nil }
        let share = Double(count) / Double(max(judged + loss.unknownPackets, 1))
        guard ratio * share * 100 >= lossWatch.value else { return nil }
        return KindOfLoss(events: events(loss), ratio: ratio * share, share: share)
    }

    /// A share of few losses may be chance: critical takes more of them.
    private static func severity(of loss: KindOfLoss) -> Verdict.Severity {
        loss.ratio * 100 >= lossAct.value && loss.events >= Int(lossEventsAct.value) ? .critical : .warning
    }

    /// How sure the split of the losses is: the part that could be judged at all, and how many there were.
    private static func confidence(_ end: borrowing SenderCase, _ loss: KindOfLoss) -> Double {
        end.confidence(samples: loss.events + 2, enough: 10) * loss.share
    }

    /// Where the losses happened, seen from the capture point, when nearly all of them are towards one end.
    private static func localised(_ end: borrowing SenderCase) -> String {
        switch endOfLosses(end) {
        case end.sender: " between the \(end.senderName) and the capture point"
        case nil: ""
        default: " between the capture point and the \(end.receiverName)"
        }
    }

    /// The end between which and the capture point nearly all losses happened; nil where it is none, or too few are known.
    private static func endOfLosses(_ end: borrowing SenderCase) -> Direction? {
        let loss = end.figures.loss
        let known = Double(loss.upstream + loss.downstream)
        guard known >= locatedLosses.value else { return nil }
        if Double(loss.downstream) >= known * locatedShare.value { return end.sender.reversed }
        return Double(loss.upstream) >= known * locatedShare.value ? end.sender : nil
    }

    /// Lost between this host's own end and the capture point, which lies behind the queues of this host: none of the path's.
    private static func isLostHere(_ end: borrowing SenderCase) -> Bool {
        end.hostEnd == end.sender && endOfLosses(end) == end.sender
    }

    /// Of any kind: which it looks like says nothing where the queue is this host's own.
    private static func lostHere(_ end: borrowing SenderCase) -> Finding? {
        let loss = end.figures.loss
        guard
            let found = losses(
                end, { $0.congestive + $0.random + $0.policed },
                { $0.congestivePackets + $0.randomPackets + $0.policedPackets })
        else { return nil }
        return Finding(
            severity: severity(of: found), subject: .host,
            summary:
                "\(FigureText.percent(found.ratio)) of the \(end.senderName)'s data is lost on this host, before the capture point:"
                + " a queue or device of its own drops it (\(FigureText.count(found.events, "loss", "losses")))",
            evidence: lossEvidence(end, found) + [.init("before_capture", Double(loss.upstream))],
            advice:
                "On this host, not on the path: tc -s qdisc show and ip -s link name what drops. Pacing lets bursts through; more than the queue's rate needs a lower bitrate.",
            confidence: confidence(end, found))
    }

    private static func lossEvidence(_ end: borrowing SenderCase, _ found: KindOfLoss) -> [Verdict.Evidence] {
        let loss = end.figures.loss
        return [
            .init("loss_ratio", end.figures.lossRatio ?? 0), .init("kind_loss_ratio", found.ratio),
            .init("congestive", Double(loss.congestive)), .init("random", Double(loss.random)),
            .init("policed", Double(loss.policed)), .init("unknown", Double(loss.unknown)),
        ]
    }

    private static func congestionLoss(_ end: borrowing SenderCase) -> Finding? {
        if isLostHere(end) { return lostHere(end) }
        guard let loss = losses(end, \.congestive, \.congestivePackets) else { return nil }
        var evidence = lossEvidence(end, loss)
        let queue = end.figures.loss.queueAtCongestion ?? .max
        if queue != .max { evidence.append(.init("queue_at_loss_ms", queue.milliseconds)) }
        let count = FigureText.count(loss.events, "congestive loss", "congestive losses")
        let lost = "\(FigureText.percent(loss.ratio)) of the \(end.senderName)'s data is"
        let isShort = queue.milliseconds < shortBuffer.value
        let largest = end.queue?.delay.maximum ?? 0
        let isManaged = isShort && Double(largest) >= managed.value * Double(max(queue, 1_000_000))
        var finding = Finding(
            severity: severity(of: loss), subject: .path, summary: "", evidence: evidence, advice: "",
            confidence: confidence(end, loss))
        if isManaged {
            finding.severity = .warning
            finding.summary =
                "\(lost) dropped\(localised(end)) by a queue manager (AQM) that keeps the queue near \(FigureText.time(queue)) (\(count))"
            finding.advice =
                "The queue is kept short as it should be; ECN\(ecnSetting(end)) lets it mark instead of drop."
        } else if isShort {
            finding.summary =
                "\(lost) lost\(localised(end)) in a buffer of about \(FigureText.time(queue)), too short for its bursts (\(count))"
            finding.advice =
                "At the bottleneck: a buffer of some milliseconds more. At the sender (\(end.senderName)): pacing (net.core.default_qdisc=fq), so that bursts fit."
        } else {
            var advice = "Use a lower rung or cap the bitrate"
            if end.isNetworkLimited, let goodput = end.figures.goodput {
                advice += " below \(FigureText.rate(goodput))"
            }
            finding.summary = "\(lost) lost in a full queue\(localised(end)) (\(count))"
            finding.advice =
                advice
                + "; ECN\(ecnSetting(end)) and an AQM at the bottleneck signal without loss."
        }
        return finding
    }

    /// What to set for ECN, in brackets, at the ends where it is not set.
    private static func ecnSetting(_ end: borrowing SenderCase) -> String {
        guard end.tcp != nil else { return "" }
        guard let local = end.local, let value = local.settings.ecn else { return " (net.ipv4.tcp_ecn=1 at both ends)" }
        let peer = end.name(of: local.end.reversed)
        return value == 1
            ? " (net.ipv4.tcp_ecn=1 at the \(peer); this host has it)"
            : " (net.ipv4.tcp_ecn=1 on this host, now \(value), and at the \(peer))"
    }

    private static func randomLoss(_ end: borrowing SenderCase) -> Finding? {
        guard !isLostHere(end), let loss = losses(end, \.random, \.randomPackets) else { return nil }
        var evidence = lossEvidence(end, loss)
        var summary =
            "\(FigureText.percent(loss.ratio)) of the \(end.senderName)'s data is lost\(localised(end)) without a queue (\(FigureText.count(loss.events, "random loss", "random losses")))"
        // Mathis et al. 1997: rate <= MSS / RTT * 1.22 / sqrt(p), for senders that halve on loss; p of losses of any cause.
        let ratio = end.figures.lossRatio ?? loss.ratio
        if end.figures.congestionControl?.name != .bbr, let mss = end.tcp?.mssBytes ?? end.figures.fullPacket,
            let base = end.baseRoundTrip, base > 0
        {
            let bound = Double(mss) * 8 / base.seconds * 1.22 / ratio.squareRoot()
            evidence.append(.init("loss_bound_bps", bound))
            if end.isNetworkLimited, let rate = end.figures.goodput, rate < 2 * bound {
                summary += "; it bounds the rate near \(FigureText.rate(bound))"
            }
        }
        var advice = "Look for the lossy link: radio, cable, duplex, optics."
        if let bbr = end.bbrAdvice { advice += " \(bbr)" }
        let isSmall = loss.ratio * 100 < lossAct.value
        return Finding(
            severity: end.figures.congestionControl?.name == .bbr && isSmall ? .info : severity(of: loss),
            subject: .path, summary: summary, evidence: evidence, advice: advice, confidence: confidence(end, loss))
    }

    private static func policer(_ end: borrowing SenderCase) -> Finding? {
        guard !isLostHere(end), let loss = losses(end, \.policed, \.policedPackets) else { return nil }
        let rate = end.figures.goodput.map { " near \(FigureText.rate($0))" } ?? ""
        return Finding(
            severity: severity(of: loss), subject: .path,
            summary:
                "A policer holds the \(end.senderName)'s rate\(rate): \(FigureText.percent(loss.ratio)) lost in bursts without a queue\(localised(end))",
            evidence: lossEvidence(end, loss) + (end.figures.goodput.map { [.init("goodput_bps", $0)] } ?? []),
            advice:
                "At the sender (\(end.senderName)): pace below the policed rate (fq maxrate or SO_MAX_PACING_RATE); ask the provider to shape, not police.",
            confidence: confidence(end, loss))
    }

    private static func routeChange(_ flow: FlowSnapshot) -> Finding? {
        guard let change = flow.roundTrip.baseChange else { return nil }
        let jump = change.after.milliseconds - change.before.milliseconds
        let seen = max(flow.roundTrip.client?.samples ?? 0, flow.roundTrip.server?.samples ?? 0)
        guard abs(jump) >= baseJump.value, seen >= Int(samples.value) else { return nil }
        let hops = flow.anomalies[.hopLimitChanged]
        return Finding(
            severity: jump > 0 ? .warning : .info, subject: .path,
            summary:
                "The path became \(jump > 0 ? "longer" : "shorter"): base RTT went from \(FigureText.time(change.before)) to \(FigureText.time(change.after))\(hops > 0 ? ", and the hop limit changed" : "")",
            evidence: [
                .init("before_ms", change.before.milliseconds), .init("after_ms", change.after.milliseconds),
                .init("hop_limit_changes", Double(hops)),
            ],
            advice: "Not a queue. Check routing, a VPN that came or went, or a hand-over of the radio network.",
            confidence: hops > 0 ? 0.9 : 0.6)
    }

    private static func accessQueue(_ flow: FlowSnapshot) -> Finding? {
        guard flow.vantage == .middle, let near = flow.queueDelay.client, let trip = flow.roundTrip.client,
            trip.samples >= Int(samples.value), near.p95.milliseconds >= queueWatch.value,
            let far = flow.queueDelay.server, Double(far.p95) < otherDirection.value * Double(near.p95)
        else { return nil }
        return Finding(
            severity: near.p95.milliseconds > queueAct.value ? .critical : .warning, subject: .client,
            summary:
                "\(FigureText.time(near.p95)) of delay wait between the capture point and the client, \(FigureText.time(far.p95)) beyond it: the client's access",
            evidence: [
                .init("client_queue_p95_ms", near.p95.milliseconds), .init("server_queue_p95_ms", far.p95.milliseconds),
            ],
            advice:
                "At the client's router: smart queue management (cake, fq_codel); on Wi-Fi the 5 GHz band or a cable.",
            confidence: min(1, Double(trip.samples) / 50) * 0.8)
    }
}
