import StreamtopBase
import StreamtopModel

/// Buffers of this host that overflow or hold too much, as its kernel tells (rules 50 to 53, 94 to 96). Live only.
enum HostRules {
    static let queueWatch = Threshold(
        "wait in a queue of this host", 20, .milliseconds, source: "CoDel target 5 ms, RFC 8289, with room for bursts")
    static let queueAct = Threshold(
        "wait in a queue of this host, act", 100, .milliseconds, source: "CoDel interval, RFC 8289 section 4")
    static let dropRate = Threshold(
        "drops a second, at least", 1, .count, source: "own: a buffer of this host that drops is its own trouble")
    static let leastDrops = Threshold("drops, at least", 3, .count, source: "own: fewer are a matter of chance")

    static let rules: [Rule] = [
        Rule(
            50, "cpu_backlog", .host, symptom: "Packets arrive faster than a processor takes them up.",
            thresholds: [dropRate], silentWhen: ["only its turn was cut short (time_squeeze): nothing was lost"],
            hold: .atOnce, judge: .host(processorBacklog)),
        Rule(
            51, "ring_overflow", .host, symptom: "The network card has no room for what arrives.",
            thresholds: [dropRate], hold: .atOnce, judge: .host(ringOverflow)),
        Rule(
            52, "socket_overflow", .host, symptom: "An application does not take its datagrams in time.",
            thresholds: [leastDrops], silentWhen: ["the gaps are in the packets that arrive: those the network lost"],
            hold: .atOnce, judge: .host(socketOverflow)),
        Rule(
            53, "local_queue", .host, symptom: "Packets wait in this host before they leave it.",
            thresholds: [queueWatch, queueAct],
            silentWhen: [
                "the discipline holds them on purpose (pacing)",
                "the backlog belongs to many flows of a fair queue: it bounds the wait of one and does not tell it",
            ], judge: .host(localQueue)),
        Rule(
            94, "local_queue_drops", .host, symptom: "This host throws away what it sends.", thresholds: [leastDrops],
            hold: .atOnce, judge: .host(localDrops)),
        Rule(
            95, "accept_queue_full", .host, symptom: "Callers are turned away: nobody accepts their connections.",
            thresholds: [leastDrops], hold: .atOnce, judge: .host(acceptQueue)),
    ]

    /// Of one flow: where its own bytes wait.
    static let flowRules: [Rule] = [
        Rule(
            96, "held_on_this_host", .host, symptom: "The delay of this connection is made before the network begins.",
            thresholds: [queueWatch, queueAct], judge: .flow(heldHere)),
        Rule(
            98, "written_ahead", .application, symptom: "What is live waits in the sender's socket before it is sent.",
            thresholds: [aheadWatch, aheadShare],
            silentWhen: [
                "the application limits what it writes ahead already", "the socket's end is not on this host",
            ],
            hold: Rule.Hold(enter: .seconds(3), leave: .seconds(10), life: .seconds(3)), needs: .host,
            judge: .flow(writtenAhead)),
    ]

    static let aheadWatch = Threshold(
        "wait of what is written and not sent", 200, .milliseconds,
        source: "own: more than a chunk of low-latency live (DASH-IF IOP 5, section 9) waits")
    static let aheadShare = Threshold("its share of the way out", 50, .percent, source: "own: the largest part")

    /// The application writes further ahead than the path takes: harmless for a download, delay for what is live.
    private static func writtenAhead(_ flow: FlowSnapshot) -> Finding? {
        guard let local = LocalEnd(flow), let sum = flow.ladder?.out, sum.largest == .socketSend, let total = sum.total,
            let rung = flow.buffers.first(where: { $0.direction == .out && $0.layer == .socketSend }),
            let delay = rung.delay, let waiting = rung.occupiedBytes, delay.milliseconds >= aheadWatch.value,
            Double(delay) * 100 >= Double(total) * aheadShare.value,
            let advice = local.lowWater(waiting: waiting, rate: flow.sender(local.end)?.lastRate)
        else { return nil }
        return Finding(
            severity: .info, subject: local.end == .fromClient ? .client : .server,
            summary:
                "\(FigureText.time(delay)) of \(FigureText.time(total)) sit in the sender's own socket: \(FigureText.bytes(waiting)) are written and not sent. For a download that is harmless, for live it is delay",
            evidence: [
                .init("socket_ms", delay.milliseconds), .init("notsent_bytes", Double(waiting)),
                .init("total_ms", total.milliseconds),
            ], advice: advice, confidence: 0.9)
    }

    private static func worst(
        _ host: HostSnapshot, _ layer: BufferSnapshot.Layer, by size: (HostLayer) -> Double?
    ) -> (layer: HostLayer, value: Double)? {
        var found: (HostLayer, Double)?
        for entry in host.layers where entry.layer == layer && !entry.isOffPath {
            guard let value = size(entry), value > found?.1 ?? 0 else { continue }
            found = (entry, value)
        }
        return found.map { (layer: $0.0, value: $0.1) }
    }

    private static func processorBacklog(_ host: HostSnapshot) -> Finding? {
        guard let (layer, rate) = worst(host, .softnet, by: \.dropsPerSecond), rate >= dropRate.value else {
            return nil
        }
        let limit = host.settings.maximumBacklog
        let proposed = limit.map { " (now \($0); try \(saturated($0, times: 2)))" } ?? ""
        return Finding(
            severity: .critical, subject: .host,
            summary:
                "\(layer.name) drops \(FigureText.number(rate)) packets a second on arrival: its backlog is full",
            evidence: [
                .init("drops_per_s", rate), .init("dropped", Double(layer.droppedSince)),
                .init("backlog_packets", Double(layer.occupied ?? 0)),
            ],
            advice:
                "sysctl -w net.core.netdev_max_backlog=\(limit.map { "\(saturated($0, times: 2))" } ?? "2000")\(proposed), and spread arrival over processors (RSS: ethtool -L, RPS: /sys/class/net/*/queues/rx-*/rps_cpus). Risk: more memory.",
            confidence: 0.95)
    }

    private static func ringOverflow(_ host: HostSnapshot) -> Finding? {
        guard let (layer, rate) = worst(host, .nic, by: \.dropsPerSecond), rate >= dropRate.value else { return nil }
        // A ring that is as large as it can be is not advised to grow.
        var advice = "Spread the interrupts of \(layer.name) over processors (ethtool -L, irqbalance)"
        if let size = layer.capacity, layer.largestCapacity.map({ size < $0 }) ?? true {
            let larger = min(saturated(size, times: 2), layer.largestCapacity ?? .max)
            advice =
                "\(command("ethtool -G", layer, "rx \(larger)")) (now \(size)); spread its interrupts over processors. Risk: the link pauses for a moment"
        } else if let size = layer.capacity {
            advice += "; its ring has the largest size there is (\(size))"
        }
        return Finding(
            severity: .critical, subject: .host,
            summary: "\(layer.name) drops \(FigureText.number(rate)) frames a second: its receive ring is full",
            evidence: [.init("drops_per_s", rate), .init("dropped", Double(layer.droppedSince))],
            advice: advice + ".",
            confidence: 0.95)
    }

    private static func socketOverflow(_ host: HostSnapshot) -> Finding? {
        let full = worst(host, .socketReceive) { layer in
            guard layer.droppedSince >= UInt64(leastDrops.value), (layer.dropsPerSecond ?? 0) > 0 else { return nil }
            return layer.dropsPerSecond
        }
        guard let (layer, rate) = full else { return nil }
        var advice =
            "The application behind \(layer.name): read faster, on a thread of its own, or ask for more room with SO_RCVBUF (rate times 100 ms at least)"
        // The kernel doubles what SO_RCVBUF asks for: one that has less than the most may ask already.
        if let most = host.settings.receiveMaximum, (layer.capacity ?? .max) / 2 >= most {
            advice += "; sysctl -w net.core.rmem_max=\(max(saturated(most, times: 4), 4_194_304)) (now \(most)) lets it"
        }
        return Finding(
            severity: .critical, subject: .host,
            summary:
                "The socket \(layer.name) drops \(FigureText.number(rate)) datagrams a second that had arrived: its application does not read in time, the network did not lose them",
            evidence: [
                .init("drops_per_s", rate), .init("dropped", Double(layer.droppedSince)),
                .init("buffer_bytes", Double(layer.occupied ?? 0)),
                .init("buffer_limit_bytes", Double(layer.capacity ?? 0)),
            ], advice: advice + ". Risk: memory.", confidence: 0.95)
    }

    private static func localQueue(_ host: HostSnapshot) -> Finding? {
        let long = worst(host, .qdisc) { layer in
            guard !layer.isPaced, layer.bound == .measured, let delay = layer.delay else { return nil }
            return delay.milliseconds
        }
        guard let (layer, wait) = long, wait > queueWatch.value else { return nil }
        let pauses = host.layer(.nic, named: layer.name)?.pauses?.receivedPerSecond ?? 0
        return Finding(
            severity: wait > queueAct.value ? .critical : .warning, subject: .host,
            summary:
                "Packets wait \(FigureText.time(layer.delay ?? 0)) in the queue of \(layer.name)\(layer.kind.map { " (\($0))" } ?? "") before they leave this host\(pauses > 0 ? ": its neighbour asks it to pause (\(FigureText.number(pauses)) pause frames a second)" : "")",
            evidence: [
                .init("queue_ms", wait), .init("backlog_bytes", Double(layer.occupied ?? 0)),
                .init("drain_bytes_per_s", layer.drainPerSecond ?? 0),
            ], advice: queueAdvice(layer, host.settings), confidence: 0.95)
    }

    private static func queueAdvice(_ layer: HostLayer, _ settings: HostSettings) -> String {
        let discipline = settings.defaultDiscipline.map { " (net.core.default_qdisc is \($0))" } ?? ""
        switch layer.kind {
        case "tbf"?, "htb class"?:
            let managed =
                layer.attachment.map { ": " + command("tc qdisc add dev", layer, "parent \($0) fq_codel") } ?? ""
            return
                "On this host: a shorter limit or an AQM below the shaper\(managed); or a lower sending rate. Risk: earlier drops."
        case "fq"?, "fq_codel"?, "cake"?:
            return "On this host: the queue is managed already; send less, or shape on a faster link."
        default:
            return
                "On this host: \(command("tc qdisc replace dev", layer, "root fq_codel"))\(discipline). Risk: packets that wait now are dropped once."
        }
    }

    private static func localDrops(_ host: HostSnapshot) -> Finding? {
        let full = worst(host, .qdisc) { layer in
            layer.droppedSince >= UInt64(leastDrops.value) ? layer.dropsPerSecond : nil
        }
        guard let (layer, rate) = full, rate > 0 else { return nil }
        return Finding(
            severity: .warning, subject: .host,
            summary:
                "The queue of \(layer.name) throws \(FigureText.number(rate)) packets a second away: they never leave this host",
            evidence: [.init("drops_per_s", rate), .init("dropped", Double(layer.droppedSince))],
            advice:
                "On this host: send below the rate of \(layer.name) (pacing, a lower bitrate), or raise that rate. The network is not at fault.",
            confidence: 0.95)
    }

    private static func acceptQueue(_ host: HostSnapshot) -> Finding? {
        let rise = host.rise(of: "TcpExt.ListenOverflows")
        let rate = host.counter("TcpExt.ListenOverflows")?.perSecond ?? 0
        guard rate > 0, rise >= UInt64(leastDrops.value) else { return nil }
        let full = host.layers.filter { $0.layer == .acceptQueue && ($0.occupied ?? 0) > ($0.capacity ?? .max) }
        let listener = full.count == 1 ? "the listener \(full[0].name)" : "a listener"
        let limit = full.first?.capacity.map { " (now \($0))" } ?? ""
        return Finding(
            severity: .critical, subject: .host,
            summary:
                "\(FigureText.number(rate)) calls a second are turned away: the accept queue of \(listener) is full",
            evidence: [.init("overflows_per_s", rate), .init("overflows", Double(rise))],
            advice:
                "The application: accept faster, or a larger backlog in listen(2)\(limit); net.core.somaxconn\(host.settings.listenBacklog.map { " (now \($0))" } ?? "") caps it.",
            confidence: full.count == 1 ? 0.95 : 0.8)
    }

    /// The flow's own bytes wait on this host, by its ladder.
    private static func heldHere(_ flow: FlowSnapshot) -> Finding? {
        guard let sum = flow.ladder?.out, let total = sum.total, sum.largest == .qdisc,
            let rung = flow.buffers.filter({ $0.direction == .out && $0.layer == .qdisc }).max(by: {
                ($0.delay ?? 0) < ($1.delay ?? 0)
            }), let delay = rung.delay, rung.bound == .measured, delay.milliseconds > queueWatch.value
        else { return nil }
        var evidence: [Verdict.Evidence] = [
            .init("queue_ms", delay.milliseconds), .init("total_ms", total.milliseconds),
        ]
        // The kernel's round trip holds the queue of this host, that of packets does not: their difference measures it again.
        if let kernel = flow.kernel, let whole = kernel.socket.smoothedRoundTrip,
            let packets = flow.roundTrip[kernel.side.reversed]?.smoothed
        {
            evidence.append(.init("kernel_less_packets_ms", (whole - packets).milliseconds))
        }
        let bound = sum.bound == .atLeast ? "at least " : ""
        return Finding(
            severity: delay.milliseconds > queueAct.value ? .critical : .warning, subject: .host,
            summary:
                "\(FigureText.time(delay)) of \(bound)\(FigureText.time(total)) sit in the queue of \(rung.name ?? "this host")",
            evidence: evidence,
            advice: "On this host, not on the path: see the queue of \(rung.name ?? "the device").", confidence: 0.9)
    }

    /// A command about a device, in the namespace that the device is in.
    private static func command(_ verb: String, _ layer: HostLayer, _ rest: String) -> String {
        guard let namespace = layer.namespace else { return "\(verb) \(layer.name) \(rest)" }
        let device = layer.name.dropFirst(namespace.utf8.count + 1)
        let enter =
            namespace.hasPrefix("pid ")
            ? "nsenter -n -t \(namespace.dropFirst(4))" : "ip netns exec \(namespace)"
        return "\(enter) \(verb) \(device) \(rest)"
    }

    private static func saturated(_ value: Int, times factor: Int) -> Int {
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
