import Foundation
import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel

@testable import StreamtopView

/// Pictures made by hand, with values as they occur.
enum SampleSnapshots {
    /// 2026-11-23 14:02:51.3 UTC.
    static let now = Timestamp(seconds: 1_795_442_571, nanoseconds: 300_000_000)
    static let start = now - .seconds(761)

    static func endpoint(_ address: String, _ port: UInt16) -> Endpoint {
        Endpoint(address: IPAddress(parsing: address) ?? .unspecified, port: port)
    }

    static func flow(
        _ number: UInt64, _ client: String, _ clientPort: UInt16, _ server: String, _ serverPort: UInt16,
        name: String? = nil, transport: FlowTransport = .tcp, protocols: [String], up: Double, down: Double,
        lasted: Nanoseconds = .seconds(492)
    ) -> FlowSnapshot {
        var from = EndpointSnapshot(endpoint: endpoint(client, clientPort))
        var to = EndpointSnapshot(endpoint: endpoint(server, serverPort))
        from.rate = up
        to.rate = down
        to.name = name
        from.packets = 41_204
        to.packets = 60_113
        from.bytes = UInt64(up * lasted.seconds / 8)
        to.bytes = UInt64(down * lasted.seconds / 8)
        from.payloadBytes = from.bytes
        to.payloadBytes = to.bytes
        return FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: transport, protocols: protocols,
            protocolNumber: transport == .tcp ? 6 : 17, client: from, server: to, orientation: .syn,
            start: now - lasted, end: now, state: .open)
    }

    static func summary(_ smoothed: Double, minimum: Double, p95: Double, source: RoundTripSource = .tcpTimestamps)
        -> RoundTripSnapshot
    {
        func time(_ milliseconds: Double) -> Nanoseconds { Nanoseconds(milliseconds * 1e6) }
        return RoundTripSnapshot(
            samples: 4_918, minimum: time(minimum), last: time(smoothed), smoothed: time(smoothed),
            mean: time((smoothed + minimum) / 2), p50: time(max(minimum, smoothed * 0.86)), p95: time(p95),
            p99: time(p95 * 1.1),
            maximum: time(p95 * 1.3), jitter: time(smoothed * 0.03), source: source)
    }

    /// A minute of samples every 200 ms, with a queue that builds and drains as a loss-based control makes it.
    static func series(base: Double, queue: Double, flight: Int, rate: Double, losses: Bool) -> MetricSeries {
        let count = 300
        let samples = (0..<count).map { index -> FlowSample in
            var sample = FlowSample(time: now - .milliseconds(Int64((count - 1 - index) * 200)))
            let phase = Double(index % 110) / 110
            let fill = phase * phase * (0.8 + 0.2 * sin(Double(index) / 7))
            sample.roundTrip.server = Nanoseconds((base * 0.96 + queue * fill) * 1e6)
            sample.roundTrip.client = Nanoseconds(base * 0.04 * 1e6)
            sample.queueDelay.server = Nanoseconds(queue * fill * 1e6)
            sample.queueDelay.client = 0
            sample.inFlight.server = Int(Double(flight) * (0.45 + 0.5 * fill))
            sample.congestionWindow.server = Int(Double(flight) * (0.5 + 0.5 * phase))
            sample.receiveWindow.client = 3_250_000 - (index % 40) * 9_000
            sample.rate.server = rate * (0.8 + 0.2 * fill)
            sample.rate.client = rate / 120
            if losses, index % 110 == 109 {
                sample.losses.server = 3
                sample.retransmissions.server = 3
            }
            if losses, index == 42 { sample.zeroWindows.client = 1 }
            return sample
        }
        return MetricSeries(interval: .milliseconds(200), samples: samples)
    }

    static func bufferbloat() -> Verdict {
        Verdict(
            rule: "bufferbloat", ruleNumber: 1, severity: .critical, subject: .path,
            summary: "84 ms of 112 ms RTT sit in the path queue towards the client",
            evidence: [
                Verdict.Evidence("queue_ms", 84.1), Verdict.Evidence("rtt_ms", 112.4),
                Verdict.Evidence("flight_correlation", 0.93),
            ],
            advice: "at the sender: tcp_congestion_control=bbr, or shape below 12 Mb/s with cake or fq_codel",
            firstSeen: now - .seconds(95), confidence: 0.9, priority: 10)
    }

    static func verdict(_ rule: String, _ severity: Verdict.Severity, _ summary: String, _ advice: String) -> Verdict {
        Verdict(
            rule: rule, ruleNumber: 7, severity: severity, subject: .path, summary: summary,
            evidence: [Verdict.Evidence("lost_percent", 1.8)], advice: advice, firstSeen: now - .seconds(31),
            confidence: 0.7, priority: 40)
    }

    static func videoFlow() -> FlowSnapshot {
        var flow = flow(
            7, "10.0.3.7", 51_544, "203.0.113.4", 443, name: "cdn-04.example",
            protocols: ["ipv4", "tcp", "tls", "http/2"],
            up: 96_400, down: 11_800_000)
        flow.roundTrip.total = summary(112.4, minimum: 28.1, p95: 131)
        flow.roundTrip.server = summary(110.9, minimum: 27.0, p95: 129.6)
        flow.roundTrip.client = summary(1.2, minimum: 0.9, p95: 2.2, source: .tcpAck)
        flow.roundTrip.handshake = Nanoseconds(31.9e6)
        flow.queueDelay.server = QueueDelaySnapshot(
            last: 84_100_000, p50: 66_000_000, p95: 102_000_000, maximum: 119_000_000)
        flow.queueDelay.client = QueueDelaySnapshot(last: 300_000, p50: 250_000, p95: 900_000, maximum: 1_300_000)
        var tcp = TCPSnapshot()
        tcp.vantage = .client
        tcp.server.mssBytes = 1_448
        tcp.server.windowScale = 7
        tcp.server.sackPermitted = true
        tcp.server.timestamps = true
        tcp.server.segments = 60_113
        tcp.server.dataSegments = 58_004
        tcp.server.uniqueBytes = 725_000_000
        tcp.server.retransmissions.packets = 12
        tcp.server.retransmissions.fast = 9
        tcp.server.retransmissions.timeout = 1
        tcp.server.retransmissions.spurious = 2
        tcp.server.inFlight = InFlightSnapshot(last: 186_000, maximum: 262_000, p50: 171_000, isLowerBound: true)
        tcp.server.congestionWindow = CongestionWindowSnapshot(
            bytes: 188_000, packets: 130, maximum: 270_000, source: .estimate, confidence: 0.82,
            phase: .congestionAvoidance, isLowerBound: false)
        tcp.server.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.88,
            evidence: ["cut to 0.70 three times", "concave regrowth"])
        tcp.server.limitedBy = LimitShares(network: 447_000_000_000, receiver: 0, application: 45_000_000_000)
        tcp.server.lossRatio = 0.0002
        tcp.server.loss.events = 12
        tcp.server.loss.congestive = 12
        tcp.server.goodput = 11_700_000
        tcp.server.maxRate = 14_200_000
        tcp.client.mssBytes = 1_460
        tcp.client.windowScale = 8
        tcp.client.sackPermitted = true
        tcp.client.receiveWindow = ReceiveWindowSnapshot(
            last: 3_140_000, maximum: 3_250_000, minimum: 64_000, occupied: 110_000, scaleUnknown: false)
        tcp.client.zeroWindows = 2
        tcp.client.zeroWindowEpisodes = 1
        tcp.client.zeroWindowTime = 240_000_000
        tcp.client.lossRatio = 0
        flow.tcp = tcp
        flow.buffers = [
            BufferSnapshot(
                layer: .socketSend, location: "server", occupiedBytes: nil, capacityBytes: nil, delay: nil,
                source: "none",
                confidence: 0),
            BufferSnapshot(
                layer: .path, location: "server", occupiedBytes: 186_000, capacityBytes: nil, delay: 84_100_000,
                source: "rtt", confidence: 0.9),
            BufferSnapshot(
                layer: .socketReceive, location: "client", occupiedBytes: 110_000, capacityBytes: 3_250_000,
                delay: 900_000, source: "receive_window", confidence: 0.8),
        ]
        flow.verdicts = [bufferbloat()]
        flow.anomalies.record(.hopLimitChanged, times: 2)
        flow.series = series(base: 28.1, queue: 90, flight: 262_000, rate: 12_000_000, losses: true)
        return flow
    }

    /// Five flows of a live evening, one of them in trouble.
    static func evening() -> Snapshot {
        var snapshot = Snapshot(time: now)
        snapshot.start = start
        snapshot.packetRate = 18_412
        snapshot.bitRate = 141_300_000
        snapshot.totals.packets = 9_412_004
        snapshot.totals.bytes = 10_800_000_000
        snapshot.totals.capturedBytes = 1_900_000_000
        snapshot.totals.flows = 1_204
        snapshot.flowCount = 6
        var lossy = flow(
            9, "10.0.3.9", 60_122, "198.51.100.7", 443, protocols: ["ipv4", "tcp", "tls"], up: 412_000, down: 1_210_000)
        lossy.roundTrip.server = summary(41, minimum: 38.5, p95: 52)
        lossy.queueDelay.server = QueueDelaySnapshot(
            last: 6_200_000, p50: 5_000_000, p95: 14_000_000, maximum: 20_000_000)
        lossy.tcp = TCPSnapshot()
        lossy.tcp?.server.lossRatio = 0.018
        lossy.tcp?.server.retransmissions.packets = 104
        lossy.verdicts = [
            verdict(
                "random_loss", .warning, "1.80% of segments lost without queue growth (radio or cable, not congestion)",
                "look at the access link; a larger buffer will not help")
        ]
        lossy.series = series(base: 40, queue: 3, flight: 50_000, rate: 1_200_000, losses: false)

        var quic = flow(
            12, "2001:db8:10::1:7", 49_822, "2001:db8:cafe:4:a:b:c:99", 443, transport: .udp,
            protocols: ["ipv6", "udp", "quic"], up: 88_100, down: 6_130_000, lasted: .seconds(44))
        quic.datagramSizes = BothDirections(
            client: DatagramSizes(minimum: 31, maximum: 1_250, mean: 92.5),
            server: DatagramSizes(minimum: 60, maximum: 1_350, mean: 1_288.1))

        var slow = flow(
            15, "10.0.3.7", 51_548, "192.0.2.80", 80, name: "origin.example", protocols: ["ipv4", "tcp", "http/1.1"],
            up: 12_400, down: 3_020_000, lasted: .seconds(4_122))
        slow.roundTrip.total = summary(9.8, minimum: 9.1, p95: 11.4, source: .tcpAck)
        slow.queueDelay.server = QueueDelaySnapshot(last: 400_000, p50: 300_000, p95: 900_000, maximum: 2_000_000)
        slow.tcp = TCPSnapshot()
        slow.tcp?.server.inFlight = InFlightSnapshot(last: 14_480, maximum: 43_000, p50: 14_480, isLowerBound: false)
        slow.tcp?.server.congestionWindow = CongestionWindowSnapshot(
            bytes: 28_960, packets: 20, maximum: 44_000, source: .estimate, confidence: 0.5,
            phase: .applicationLimited, isLowerBound: true)
        slow.tcp?.server.lossRatio = 0
        slow.tcp?.client.receiveWindow = ReceiveWindowSnapshot(
            last: 20_000, maximum: 120_000, minimum: 0, occupied: 100_000, scaleUnknown: false)
        slow.verdicts = [
            verdict("encoder_paced", .info, "the server sends when there is something to send", "nothing: this is live")
        ]
        slow.series = series(base: 9.1, queue: 0.7, flight: 43_000, rate: 3_000_000, losses: false)

        var closed = flow(
            16, "10.0.3.22", 40_001, "203.0.113.9", 8_443, name: "映像配信.example", protocols: ["ipv4", "tcp"], up: 0,
            down: 0,
            lasted: .seconds(12))
        closed.state = .reset
        closed.tcp = TCPSnapshot()
        closed.roundTrip.server = summary(240.2, minimum: 180, p95: 300, source: .tcpHandshake)

        var hostile = flow(
            21, "10.0.3.23", 50_999, "203.0.113.66", 443, name: "a\u{1b}]0;owned\u{7}\u{1b}[31mb\u{202e}evil",
            protocols: ["ipv4", "tcp", "tls"],
            up: 1_000, down: 999, lasted: .seconds(3))
        hostile.tcp = TCPSnapshot()
        snapshot.flows = [videoFlow(), lossy, quic, slow, closed, hostile].map(SampleHandshakes.judged)
        snapshot.protocolTotals = [
            ProtocolTotal(name: "tls", flows: 3, packets: 90_000, bytes: 740_000_000),
            ProtocolTotal(name: "quic", flows: 1, packets: 29_000, bytes: 33_000_000),
            ProtocolTotal(name: "http/1.1", flows: 1, packets: 9_000, bytes: 15_000_000),
            ProtocolTotal(name: "tcp", flows: 1, packets: 12, bytes: 900),
        ]
        snapshot.events = events()
        snapshot.health.ownCPU = 0.06
        snapshot.health.ownMemoryBytes = 88_000_000
        snapshot.health.tables = [
            TableHealth(name: "flows", used: 312, capacity: 100_000, evicted: 0),
            TableHealth(name: "fragments", used: 3_990, capacity: 4_096, evicted: 12),
        ]
        snapshot.health.truncatedFrames = 41
        snapshot.health.undecoded = [
            UndecodedCount(reason: "arp", packets: 311), UndecodedCount(reason: "lldp", packets: 12),
        ]
        return snapshot
    }

    private static func events() -> [FlowEvent] {
        func event(_ number: UInt64, _ back: Int64, _ since: Int64, _ kind: FlowEvent.Kind) -> FlowEvent {
            FlowEvent(
                time: now - .milliseconds(back), flow: FlowIdentifier(number: number),
                sinceStart: .milliseconds(since), kind: kind)
        }
        return [
            event(7, 492_000, 0, .flowOpen),
            event(7, 491_968, 32, .established(handshake: 31_900_000)),
            event(
                7, 95_000, 397_000,
                .verdict(
                    rule: "bufferbloat", severity: .critical,
                    summary: "84 ms of 112 ms RTT sit in the path queue towards the client")),
            event(7, 51_600, 440_400, .zeroWindow(by: .fromClient)),
            event(7, 51_360, 440_640, .windowOpen(by: .fromClient, bytes: 131_072, after: 240_000_000)),
            event(9, 31_000, 461_000, .loss(from: .fromServer, segments: 2, verdict: .random, location: .downstream)),
            event(16, 12_000, 0, .flowOpen),
            event(16, 100, 11_900, .flowClose(.reset)),
            event(7, 16, 491_984, .retransmission(from: .fromServer, sequence: 1, bytes: 1_448, cause: .fast)),
        ]
    }

    /// Many flows, for speed and scrolling.
    static func crowd(_ count: Int) -> Snapshot {
        var snapshot = evening()
        snapshot.flowCount = count
        snapshot.flows = (1...count).map { number in
            var flow =
                number % 7 == 0
                ? videoFlow()
                : flow(
                    UInt64(number), "10.\(number / 65_536).\(number / 256 % 256).\(number % 256)",
                    UInt16(20_000 + number % 40_000),
                    "203.0.113.\(number % 200)", 443, protocols: ["ipv4", "tcp", "tls"], up: Double(number) * 100,
                    down: Double(number % 97) * 10_000)
            flow.identifier = FlowIdentifier(number: UInt64(number))
            if number % 7 != 0 {
                flow.roundTrip.total = summary(Double(number % 300) + 0.5, minimum: 5, p95: 200)
                flow.series = series(base: 20, queue: Double(number % 40), flight: 90_000, rate: 1e6, losses: false)
                flow.tcp = TCPSnapshot()
                flow.verdicts = []
            } else if number % 14 == 0 {
                flow.verdicts[0].severity = .warning
            }
            return flow
        }
        return snapshot
    }

    static func context(
        _ snapshot: Snapshot, now: Nanoseconds = 0, replay: ReplayStatus? = nil, glyphs: GlyphSet = .unicode
    ) -> ViewContext {
        var snapshot = snapshot
        var judge = HeadlineJudge(at: snapshot.time)
        for flow in snapshot.flows { judge.add(flow) }
        snapshot.headline = judge.headline(
            capture: snapshot.verdicts, health: snapshot.health, totals: snapshot.totals)
        return ViewContext(
            snapshot: snapshot, now: now, replay: replay,
            source: SourceLabel(
                kind: replay == nil ? .live : .file, name: replay == nil ? "eth0" : "evening-stream.pcapng.zst"),
            glyphs: glyphs, themes: ShippedThemes.listings)
    }
}

/// What `--list-themes` would show.
enum ShippedThemes {
    static let listings: [ThemeListing] = {
        let files = (try? TestFiles.themes(in: TestFiles.package.appending(path: "Themes"))) ?? []
        return files.compactMap { file in
            try? ThemeParser.parse(file.text, name: file.name) { parent in
                files.first { $0.name == parent }?.text
            }.listing
        }
    }()
}
