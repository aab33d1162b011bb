import StreamtopBase
import StreamtopModel

/// Troubles of the path between the ends: queues and losses (rules 1 to 4, 22, 23).
enum PathRules {
    static let queueWatch = Threshold("queue delay p95, watch", 30, .milliseconds, source: "bufferbloat grade A/B")
    static let queueAct = Threshold(
        "queue delay p95, act", 100, .milliseconds, source: "CoDel interval, RFC 8289 section 4; grade C")
    static let correlation = Threshold(
        "rank correlation of flight and queue delay, above", 0.5, .ratio, source: "own")
    static let pausing = Threshold(
        "share of time without data to send, at most", 0.5, .ratio, source: "own")
    static let samples = Threshold("round-trip samples, at least", 20, .count, source: "own")
    static let lossWatch = Threshold("loss, watch", 0.1, .percent, source: "own; the score's good end")
    static let lossAct = Threshold("loss, act", 3, .percent, source: "own")
    static let lossEvents = Threshold("losses of one kind, at least", 3, .count, source: "own")
    static let lossMajority = Threshold("share of that kind among judged losses", 0.6, .ratio, source: "own")
    static let baseJump = Threshold("jump of the base round trip", 20, .milliseconds, source: "own")
    static let otherHalf = Threshold("queue of the other half relative to this one, below", 0.2, .ratio, source: "own")

    static let rules: [Rule] = [
        Rule(
            1, "bufferbloat", .path, symptom: "Round trips swell while data flows.",
            thresholds: [queueWatch, queueAct, correlation, pausing, samples],
            silentWhen: [
                "the sender had nothing to send most of the time: its flight then follows the delay, not the reverse",
                "the delay does not follow the sender's own flight (Wi-Fi aggregation, radio wake-up, other traffic)",
            ],
            judge: .sender(bufferbloat)),
        Rule(
            2, "congestion_loss", .path, symptom: "Packets are lost when the queue is full.",
            thresholds: [lossWatch, lossAct, lossEvents, lossMajority],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], judge: .sender(congestionLoss)),
        Rule(
            3, "random_loss", .path, symptom: "Packets are lost while no queue stands.",
            thresholds: [lossWatch, lossAct, lossEvents, lossMajority],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], judge: .sender(randomLoss)),
        Rule(
            4, "policer", .path, symptom: "Bursts of loss pin the rate without any queue.",
            thresholds: [lossWatch, lossAct, lossEvents, lossMajority],
            silentWhen: ["the capture itself missed packets"], yieldsTo: [18], judge: .sender(policer)),
        Rule(
            22, "route_change", .path, symptom: "The base round trip jumped and stayed.",
            thresholds: [baseJump, samples],
            hold: .atOnce, judge: .flow(routeChange)),
        Rule(
            23, "access_queue", .path, symptom: "Delay waits on the client's side of the capture point only.",
            thresholds: [queueWatch, queueAct, otherHalf, samples],
            silentWhen: ["the capture was taken at an end: the whole path is then on one side"], yieldsTo: [1],
            needs: .tcp, judge: .flow(accessQueue)),
    ]

    private static func bufferbloat(_ it: SenderCase) -> Finding? {
        guard let rho = it.side.flightDelayCorrelation, rho > correlation.value, let queue = it.queue,
            queue.samples >= Int(samples.value), queue.delay.p95.milliseconds >= queueWatch.value,
            it.share(\.application).map({ $0 <= pausing.value }) ?? true
        else { return nil }
        let base = it.baseRoundTrip ?? 0
        let whole = saturatingAdd(base, queue.delay.p95)
        var advice = "At the bottleneck: an AQM that keeps its queue short (cake or fq_codel"
        if it.isNetworkLimited, let rate = it.side.maxRate {
            advice += ", shaped a little below \(FigureText.rate(rate))"
        }
        advice += ")."
        if let bbr = it.bbrAdvice { advice += " \(bbr)" }
        return Finding(
            severity: queue.delay.p95.milliseconds > queueAct.value ? .critical : .warning, subject: .path,
            summary:
                "\(FigureText.time(queue.delay.p95)) of \(FigureText.time(whole)) RTT sit \(it.place(ofQueueIn: queue.half)), filled by the \(it.senderName)'s data",
            evidence: [
                .init("queue_p95_ms", queue.delay.p95.milliseconds), .init("base_rtt_ms", base.milliseconds),
                .init("flight_delay_correlation", rho), .init("samples", Double(queue.samples)),
            ],
            advice: advice, confidence: it.confidence(samples: queue.samples, enough: 50) * min(1, rho + 0.2))
    }

    /// The losses of one kind, when they are enough and the majority.
    private static func losses(_ it: SenderCase, _ kind: (LossCounts) -> Int) -> (count: Int, ratio: Double)? {
        let loss = it.side.loss
        let judged = loss.random + loss.congestive + loss.policed
        let count = kind(loss)
        guard it.isCaptureComplete, let ratio = it.side.lossRatio, ratio * 100 >= lossWatch.value,
            count >= Int(lossEvents.value), Double(count) >= lossMajority.value * Double(judged)
        else { return nil }
        return (count, ratio)
    }

    private static func severity(ofLoss ratio: Double) -> Verdict.Severity {
        ratio * 100 >= lossAct.value ? .critical : .warning
    }

    /// How sure the split of the losses is: the part that could be judged at all, and how many there were.
    private static func confidence(_ it: SenderCase, count: Int) -> Double {
        let loss = it.side.loss
        let all = loss.random + loss.congestive + loss.policed + loss.unknown
        return it.confidence(samples: count + 5, enough: 10) * Double(count) / Double(max(all, 1))
    }

    /// Where the losses happened, seen from the capture point, when one side has nearly all of them.
    private static func localised(_ it: SenderCase) -> String {
        let loss = it.side.loss
        let all = loss.upstream + loss.downstream
        guard all >= 3 else { return "" }
        if loss.downstream * 10 >= all * 9 { return " between the capture point and the \(it.receiverName)" }
        if loss.upstream * 10 >= all * 9 { return " between the \(it.senderName) and the capture point" }
        return ""
    }

    private static func lossEvidence(_ it: SenderCase, ratio: Double) -> [Verdict.Evidence] {
        let loss = it.side.loss
        return [
            .init("loss_ratio", ratio), .init("congestive", Double(loss.congestive)),
            .init("random", Double(loss.random)), .init("policed", Double(loss.policed)),
            .init("unknown", Double(loss.unknown)),
        ]
    }

    private static func congestionLoss(_ it: SenderCase) -> Finding? {
        guard let (count, ratio) = losses(it, \.congestive) else { return nil }
        var advice = "Use a lower rung or cap the bitrate"
        if it.isNetworkLimited, let goodput = it.side.goodput { advice += " below \(FigureText.rate(goodput))" }
        advice += "; ECN (net.ipv4.tcp_ecn=1 at both ends) and an AQM at the bottleneck signal without loss."
        return Finding(
            severity: severity(ofLoss: ratio), subject: .path,
            summary:
                "\(FigureText.percent(ratio)) of the \(it.senderName)'s data is lost in a full queue\(localised(it)) (\(count) congestive losses)",
            evidence: lossEvidence(it, ratio: ratio), advice: advice, confidence: confidence(it, count: count))
    }

    private static func randomLoss(_ it: SenderCase) -> Finding? {
        guard let (count, ratio) = losses(it, \.random) else { return nil }
        var evidence = lossEvidence(it, ratio: ratio)
        var summary =
            "\(FigureText.percent(ratio)) of the \(it.senderName)'s data is lost\(localised(it)) without a queue (\(count) random losses)"
        // Mathis et al. 1997: rate <= MSS / RTT * 1.22 / sqrt(p), for senders that halve on loss.
        if it.side.congestionControl?.name != .bbr, let mss = it.side.mssBytes, let base = it.baseRoundTrip, base > 0 {
            let bound = Double(mss) * 8 / base.seconds * 1.22 / ratio.squareRoot()
            evidence.append(.init("loss_bound_bps", bound))
            if it.isNetworkLimited, let rate = it.side.goodput, rate < 2 * bound {
                summary += "; it bounds the rate near \(FigureText.rate(bound))"
            }
        }
        var advice = "Look for the lossy link: radio, cable, duplex, optics."
        if let bbr = it.bbrAdvice { advice += " \(bbr)" }
        return Finding(
            severity: it.side.congestionControl?.name == .bbr && ratio * 100 < lossAct.value
                ? .info : severity(ofLoss: ratio),
            subject: .path, summary: summary, evidence: evidence, advice: advice,
            confidence: confidence(it, count: count))
    }

    private static func policer(_ it: SenderCase) -> Finding? {
        guard let (count, ratio) = losses(it, \.policed) else { return nil }
        let rate = it.side.goodput.map { " near \(FigureText.rate($0))" } ?? ""
        return Finding(
            severity: severity(ofLoss: ratio), subject: .path,
            summary:
                "A policer holds the \(it.senderName)'s rate\(rate): \(FigureText.percent(ratio)) lost in bursts without a queue\(localised(it))",
            evidence: lossEvidence(it, ratio: ratio) + (it.side.goodput.map { [.init("goodput_bps", $0)] } ?? []),
            advice:
                "At the sender (\(it.senderName)): pace below the policed rate (fq maxrate or SO_MAX_PACING_RATE); ask the provider to shape, not police.",
            confidence: confidence(it, count: count))
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
        guard flow.$tcp?.value.vantage == .middle, let near = flow.queueDelay.client, let trip = flow.roundTrip.client,
            trip.samples >= Int(samples.value), near.p95.milliseconds >= queueWatch.value,
            let far = flow.queueDelay.server, Double(far.p95) < otherHalf.value * Double(near.p95)
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
