import StreamtopBase
import StreamtopModel

/// Where time goes that no loss and no window explains (rules 63, 64, 78 and 79): a long path, an end that thinks, a
/// queue whose cause is not known.
enum LatencyRules {
    static let far = Threshold(
        "base round trip, watch", 300, .milliseconds,
        source: "own; ITU-T G.114: above 400 ms one way is unfit for calls")
    static let long = Threshold("base round trip, say", 150, .milliseconds, source: "ITU-T G.114")
    static let answer = Threshold("answer later than a round trip, watch", 500, .milliseconds, source: "own")
    static let answerAct = Threshold("answer later than a round trip, act", 2_000, .milliseconds, source: "own")
    static let patience = Threshold(
        "wait in a handshake, at most", 300_000, .milliseconds,
        source: "own; no client waits longer: the capture was put together of several, or its clock was set")
    static let queue = Threshold(
        "queue delay p95", 50, .milliseconds, source: "own; between bufferbloat grades B and C")
    static let queueShare = Threshold("share of the round trip p95 in the queue", 0.4, .ratio, source: "own")
    static let samples = Threshold("round-trip samples, at least", 20, .count, source: "own")

    static let rules: [Rule] = [
        Rule(
            63, "high_base_rtt", .path, symptom: "Everything takes long, and nothing is congested.",
            thresholds: [long, far],
            silentWhen: ["half of the round trip or more is queue", "the one sample rests on a repeated SYN"],
            hold: .atOnce, judge: .flow(distant)),
        Rule(
            64, "slow_server_answer", .endpoint, symptom: "Starting takes seconds on a short path.",
            thresholds: [answer, answerAct, patience], silentWhen: ["the hello or its answer was sent again"],
            hold: .atOnce,
            needs: .security, judge: .flow(slowServer)),
        Rule(
            78, "slow_client_answer", .endpoint, symptom: "The client lets the handshake wait.",
            thresholds: [answer, patience], silentWhen: ["the client's message was sent again"], hold: .atOnce,
            needs: .security,
            judge: .flow(slowClient)),
        Rule(
            79, "large_queue", .path, symptom: "Packets wait in a queue, and what fills it is not known.",
            thresholds: [queue, queueShare, samples], silentWhen: ["by the spin bit: most round trips are short"],
            yieldsTo: [1, 23], hold: Rule.Hold(enter: .seconds(3), leave: .seconds(10), life: .seconds(1)),
            judge: .flow(waiting)),
    ]

    // MARK: Distance

    private static func distant(_ flow: FlowSnapshot) -> Finding? {
        guard let base = flow.roundTrip.base, base.milliseconds > long.value, !flow.isNoise else {
            return nil
        }
        for end in Direction.allCases {
            guard let delay = flow.queueDelay[end] else { continue }
            let trip = end == .fromClient ? flow.roundTrip.client : flow.roundTrip.server
            if let trip, delay.p95 >= trip.p95 / 2 { return nil }
        }
        let count = max(flow.roundTrip.client?.samples ?? 0, flow.roundTrip.server?.samples ?? 0)
        return Finding(
            severity: base.milliseconds > far.value ? .warning : .info, subject: .path,
            summary: "\(FigureText.time(base)) of every round trip is the path itself: distance, not a queue",
            evidence: [
                .init("base_rtt_ms", base.milliseconds), .init("path_ms", base.milliseconds),
                .init("samples", Double(count)),
            ],
            advice: "Serve from nearer to the client, and save round trips: TLS 1.3, QUIC, connections kept open.",
            // One sample may have waited for a radio to wake up.
            confidence: count >= Int(samples.value) ? 0.95 : 0.7)
    }

    // MARK: Ends that think

    private static func slowServer(_ flow: FlowSnapshot) -> Finding? {
        guard let steps = flow.security?.handshake.timeline, !isRepaired(flow),
            let answered = steps.first(where: { $0.step == .serverHello && $0.from == .fromServer }),
            let asked = steps.last(where: { $0.step == .clientHello && $0.time <= answered.time })
        else { return nil }
        let trip = flow.roundTrip.server.map(\.minimum).flatMap { $0 > 0 ? $0 : nil }
        let wait = answered.time - asked.time - (trip ?? 0)
        guard wait.milliseconds > answer.value, wait.milliseconds <= patience.value else { return nil }
        let path = trip.map { "the path to it takes \(FigureText.time($0))" } ?? "how far away it is was not measured"
        return Finding(
            severity: wait.milliseconds > answerAct.value ? .critical : .warning, subject: .server,
            summary:
                "The server took \(FigureText.time(wait)) to answer the ClientHello; \(path)",
            evidence: [.init("waited_ms", wait.milliseconds)] + (trip.map { [.init("rtt_ms", $0.milliseconds)] } ?? []),
            advice:
                "At the server: what its handshake waits for: a busy processor (RSA keys), a key store, a look-up by name, an accept queue.",
            confidence: trip == nil ? 0.6 : 0.9)
    }

    /// The longest time in which the client had all that it needed and said nothing.
    private static func slowClient(_ flow: FlowSnapshot) -> Finding? {
        guard let steps = flow.security?.handshake.timeline, !isRepaired(flow) else { return nil }
        let trip = flow.roundTrip.client?.minimum ?? 0
        var longest: Nanoseconds = 0
        for (before, after) in zip(steps, steps.dropFirst())
        where before.from == .fromServer && after.from == .fromClient && before.step != .tcpSynAck
            && after.step != .firstApplicationData && after.step != .tcpAck
        {
            longest = max(longest, after.time - before.time - trip)
        }
        guard longest.milliseconds > answer.value, longest.milliseconds <= patience.value else { return nil }
        return Finding(
            severity: .warning, subject: .client,
            summary:
                "The client took \(FigureText.time(longest)) of the handshake for itself, with all it needed at hand",
            evidence: [.init("waited_ms", longest.milliseconds), .init("rtt_ms", trip.milliseconds)],
            advice:
                "At the client: a slow processor, a certificate check that asks elsewhere (OCSP), a user who is asked.",
            confidence: flow.roundTrip.client == nil ? 0.6 : 0.85)
    }

    /// Something of so short a flow was sent again: what looks like thinking may have been a timer.
    private static func isRepaired(_ flow: FlowSnapshot) -> Bool {
        guard let tcp = flow.$tcp else { return flow.quic?.handshake.repeatedRequest != nil }
        let sent = tcp.value.client.dataSegments + tcp.value.server.dataSegments
        return sent < 60 && tcp.value.client.retransmissions.packets + tcp.value.server.retransmissions.packets > 0
    }

    // MARK: A queue of unknown cause

    private static func waiting(_ flow: FlowSnapshot) -> Finding? {
        // Its words are made only of a queue that is long enough.
        guard let large = LargestQueue(of: flow, longerThan: .milliseconds(Int64(queue.value)) - 1),
            large.delay.milliseconds >= queue.value,
            Double(large.delay) >= Double(large.roundTrip) * queueShare.value
        else { return nil }
        let share = Double(large.delay) / Double(max(large.roundTrip, 1))
        return Finding(
            severity: .warning, subject: .path,
            summary:
                "\(FigureText.time(large.delay)) of a round trip of \(FigureText.time(large.roundTrip)) (95th percentiles) are spent in a queue; what fills it is not known",
            evidence: [
                .init("queue_p95_ms", large.delay.milliseconds), .init("rtt_p95_ms", large.roundTrip.milliseconds),
                .init("queue_ratio", share),
            ],
            advice:
                "Look at the other flows between these hosts and at the slowest link: a shared queue is filled by all of them. There: an AQM (fq_codel, CAKE).",
            confidence: large.isGuess ? 0.6 : 0.8)
    }
}
