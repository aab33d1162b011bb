import StreamtopBase
import StreamtopModel

@testable import StreamtopDiagnosis

/// Flows to judge. The healthy one has every figure known and nothing wrong; tests spoil it.
enum SampleFlows {
    static let start = Timestamp(seconds: 1_700_000_000, nanoseconds: 0)

    static func time(_ seconds: Int64) -> Timestamp { start + .seconds(seconds) }

    static func trip(_ milliseconds: Int64, samples: Int = 500) -> RoundTripSnapshot {
        let value = Nanoseconds.milliseconds(milliseconds)
        return RoundTripSnapshot(
            samples: samples, minimum: value, last: value, smoothed: value, mean: value, p50: value, p95: value,
            p99: value, maximum: value, jitter: 100_000, source: .tcpAck)
    }

    static func queue(_ milliseconds: Int64) -> QueueDelaySnapshot {
        let value = Nanoseconds.milliseconds(milliseconds)
        return QueueDelaySnapshot(last: value, p50: value / 2, p95: value, maximum: value)
    }

    /// A minute of bulk data from a server 30 ms away, captured in the middle.
    static func healthy() -> FlowSnapshot {
        var flow = FlowSnapshot(
            identifier: FlowIdentifier(number: 1), transport: .tcp, protocols: ["ipv4", "tcp"], protocolNumber: 6,
            client: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0x0a00_0307), port: 51544)),
            server: EndpointSnapshot(endpoint: Endpoint(address: IPAddress(v4: 0xc000_0204), port: 443)),
            orientation: .syn, start: start, end: start + .seconds(60), state: .open)
        flow.client.packets = 10_000
        flow.server.packets = 20_000
        flow.roundTrip.client = trip(10)
        flow.roundTrip.server = trip(20)
        flow.roundTrip.handshake = .milliseconds(30)
        flow.queueDelay = BothDirections(client: queue(3), server: queue(2))
        var tcp = TCPSnapshot()
        tcp.vantage = .middle
        for end in Direction.allCases {
            var endpoint = TCPEndpointSnapshot()
            endpoint.mssBytes = 1460
            endpoint.areOptionsWhole = true
            endpoint.windowScale = 7
            endpoint.timestamps = true
            endpoint.ecnNegotiated = true
            endpoint.receiveWindow = ReceiveWindowSnapshot(
                last: 3_000_000, maximum: 3_000_000, minimum: 64_000, occupied: 0, scaleUnknown: false)
            tcp[end] = endpoint
        }
        tcp.server.segments = 20_000
        tcp.server.dataSegments = 19_990
        tcp.server.ectPackets = 19_990
        tcp.server.uniqueBytes = 28_000_000
        tcp.server.initialWindowBytes = 14_480
        tcp.server.inFlight = InFlightSnapshot(last: 100_000, maximum: 200_000, p50: 100_000, isLowerBound: false)
        tcp.server.congestionControl = CongestionControlSnapshot(
            name: .cubic, source: .estimate, confidence: 0.9, evidence: [])
        tcp.server.limitedBy = LimitShares(network: .seconds(57), receiver: .seconds(1), application: .seconds(2))
        tcp.server.maxRate = 12e6
        tcp.server.goodput = 11e6
        tcp.server.lossRatio = 0.0001
        tcp.server.flightDelayCorrelation = 0.2
        tcp.server.recoveries = 2
        tcp.server.tailRecoveries = 0
        tcp.server.idlePeriods = 0
        tcp.server.idleRestarts = 0
        tcp.server.longestBackoff = 0
        tcp.server.sendBufferLimited = 0
        flow.tcp = tcp
        return flow
    }

    static func spoiled(_ spoil: (inout FlowSnapshot) -> Void) -> FlowSnapshot {
        var flow = healthy()
        spoil(&flow)
        flow.handshake = HandshakeDiagnosis.outcome(of: flow)
        return flow
    }

    /// A minute of datagrams.
    static func datagrams(fragments: Int, incomplete: Int = 0) -> FlowSnapshot {
        var flow = spoiled { $0.tcp = nil }
        flow.transport = .udp
        var fragmentation = FragmentationSnapshot()
        fragmentation.fragments = fragments
        fragmentation.datagrams = fragments / 3
        fragmentation.incomplete = incomplete
        fragmentation.wastedBytes = UInt64(incomplete * 1480)
        flow.fragmentation = fragmentation
        return flow
    }

    /// What a fresh diagnosis says after looking at the flow each second for `seconds`.
    static func verdicts(_ flow: FlowSnapshot, after seconds: Int64 = 5, health: CaptureHealth = CaptureHealth())
        -> [Verdict]
    {
        var flow = flow
        flow.handshake = HandshakeDiagnosis.outcome(of: flow)
        var diagnosis = FlowDiagnosis()
        var verdicts: [Verdict] = []
        for second in 0...seconds { verdicts = diagnosis.evaluate(flow, health: health, at: time(second)) }
        return verdicts
    }

    static func rules(_ flow: FlowSnapshot, after seconds: Int64 = 5, health: CaptureHealth = CaptureHealth()) -> [Int]
    {
        verdicts(flow, after: seconds, health: health).map(\.ruleNumber).sorted()
    }
}
