import StreamtopBase
import StreamtopModel

/// Values for the tests of this room, with every optional part filled in.
enum SampleRecords {
    static let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)

    static func bareFlow(_ transport: FlowTransport = .tcp, number: UInt64 = 1) -> FlowSnapshot {
        FlowSnapshot(
            identifier: FlowIdentifier(number: number), transport: transport, protocols: ["ipv4", transport.rawValue],
            communityID: "1:abc",
            client: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0x0a00_0307), port: 51544)),
            server: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0xc000_0204), port: 443)),
            orientation: .syn, start: start, end: start + .milliseconds(1500), state: .open)
    }

    static func roundTrip(_ milliseconds: Int64, source: RoundTripSource = .tcpAck) -> RoundTripSnapshot {
        let value = Nanoseconds.milliseconds(milliseconds)
        return RoundTripSnapshot(
            samples: 400, minimum: value, last: value, smoothed: value, mean: value, p50: value, p95: value, p99: value,
            maximum: value, jitter: 1_234, source: source)
    }

    static func fullFlow() -> FlowSnapshot {
        var flow = bareFlow()
        flow.isFinal = true
        flow.isEvicted = true
        flow.vlan = 7
        flow.tunnel = TunnelSnapshot(kind: "vxlan", identifier: 99)
        flow.client.packets = 100
        flow.client.bytes = 9_000
        flow.client.payloadBytes = 2_000
        flow.server.packets = 200
        flow.server.bytes = 290_000
        flow.server.payloadBytes = 280_000
        flow.roundTrip.client = roundTrip(1)
        flow.roundTrip.server = roundTrip(30, source: .tcpTimestamps)
        flow.roundTrip.total = roundTrip(31)
        flow.roundTrip.handshake = .milliseconds(32)
        flow.queueDelay.server = QueueDelaySnapshot(
            last: .milliseconds(3), p50: .milliseconds(2), p95: .milliseconds(80), maximum: .milliseconds(84))
        flow.tcp = TCPSnapshot()
        flow.tcp?.vantage = .server
        flow.tcp?.multipath = true
        flow.tcp?.server = fullSide()
        var fragmentation = FragmentationSnapshot()
        fragmentation.tooBig = [TooBigMessage(time: start, mtu: 1400)]
        flow.fragmentation = fragmentation
        flow.buffers = [
            BufferSnapshot(
                layer: .path, side: "client", occupiedBytes: 184_000, capacityBytes: 256_000, delay: .milliseconds(84),
                source: "rtt", confidence: 0.9)
        ]
        flow.verdicts = [
            Verdict(
                rule: "bufferbloat", ruleNumber: 1, severity: .warning, subject: .path, summary: "a \"queue\"",
                evidence: [.init("queue_p95_ms", 84), .init("broken", .nan)], advice: "cake", firstSeen: start,
                confidence: 0.75, priority: 5)
        ]
        flow.anomalies.record(.windowShrunk, times: 2)
        flow.decode.gaps = 1
        flow.decode.gapBytes = 1448
        return flow
    }

    static func fullSide() -> TCPSideSnapshot {
        var side = TCPSideSnapshot()
        side.mssBytes = 1448
        side.windowScale = 7
        side.sackPermitted = true
        side.timestamps = true
        side.ecnNegotiated = false
        side.fastOpen = false
        side.segments = 200
        side.dataSegments = 190
        side.uniqueBytes = 270_000
        side.largestSegment = 1448
        side.reorderExtent = 3
        side.zeroWindowTime = .milliseconds(12)
        side.initialWindowBytes = 14_480
        side.inFlight = InFlightSnapshot(last: 1000, maximum: 182_000, p50: 90_000, isLowerBound: true)
        side.congestionWindow = CongestionWindowSnapshot(
            bytes: 182_000, packets: 125, maximum: 190_000, source: .estimate, confidence: 0.8,
            phase: .congestionAvoidance, isLowerBound: true)
        side.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.7, evidence: ["cut to 0.70 twice"])
        side.windowCuts = [WindowCut(time: start, beforeBytes: 100_000, afterBytes: 70_000)]
        side.receiveWindow = ReceiveWindowSnapshot(
            last: 60_000, maximum: 65_535, minimum: 0, occupied: 5_535, scaleUnknown: true)
        side.limitedBy = LimitShares(
            network: .seconds(1), receiver: .milliseconds(300), application: .milliseconds(200))
        side.pacing = true
        side.lastRate = 1e6
        side.maxRate = 2e6
        side.meanRate = 1.5e6
        side.goodput = 1.4e6
        side.loss.events = 2
        side.lossRatio = 0.0123456789
        return side
    }
}
