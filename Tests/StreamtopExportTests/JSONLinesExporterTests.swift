import Foundation
import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopExport

@Suite struct JSONLinesExporterTests {
    /// Every record parses and ends in exactly one line feed; the parsed form is returned.
    func parsed(_ write: (inout JSONLinesExporter, inout RecordBuffer) -> Void) throws -> [String: Any] {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        write(&exporter, &buffer)
        let text = buffer.text
        #expect(text.last == "\n")
        #expect(text.filter { $0 == "\n" }.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let record = try #require(object as? [String: Any])
        #expect(record["schema"] as? Int == 1)
        return record
    }

    func value(_ record: [String: Any], _ path: String) -> Any? {
        path.split(separator: ".").reduce(record as Any?) { ($0 as? [String: Any])?[String($1)] }
    }

    /// One of each kind, its name, and the members of its own.
    static let everyEvent: [(FlowEvent.Kind, String, [String])] = [
        (FlowEvent.Kind.flowOpen, "flow_open", []), (.flowClose(.reset), "flow_close", ["state"]),
        (
            .handshakeStep(step: .tcpSyn, from: .fromClient, bytes: 0, encrypted: false), "handshake_step",
            ["bytes", "encrypted", "from", "step"]
        ),
        (.established(handshake: 1_000), "established", ["handshake_ms"]),
        (.established(handshake: nil), "established", []),
        (
            .retransmission(from: .fromServer, sequence: 9, bytes: 1448, cause: .tailProbe), "retransmission",
            ["bytes", "cause", "from", "sequence"]
        ),
        (
            .loss(from: .fromServer, segments: 2, verdict: .random, location: .upstream), "loss",
            ["from", "segments", "side", "verdict"]
        ),
        (.spurious(from: .fromServer, sequence: 3), "spurious", ["from", "sequence"]),
        (.zeroWindow(by: .fromClient), "zero_window", ["by"]),
        (.windowOpen(by: .fromClient, bytes: 100, after: 5), "window_open", ["after_ms", "by", "window_bytes"]),
        (.ecnCE(from: .fromServer), "ecn_ce", ["from"]), (.icmpTooBig(mtu: 1400), "icmp_too_big", ["mtu"]),
        (
            .verdict(rule: "bufferbloat", severity: .critical, summary: "s"), "verdict",
            ["rule", "severity", "summary"]
        ),
    ]

    static let eventKinds: [FlowEvent.Kind] = everyEvent.map(\.0)

    @Test func metaNamesItsSource() throws {
        let source = SourceDescription(
            kind: .file, names: ["a.pcap", "b\u{1b}.pcap"], linkTypes: [.ethernet], snapLength: 262_144, filter: "tcp",
            start: SampleRecords.start)
        let record = try parsed { $0.appendMeta(source, version: "1.0", to: &$1) }
        #expect(record["type"] as? String == "meta")
        #expect(value(record, "source.kind") as? String == "file")
        #expect(value(record, "source.names") as? [String] == ["a.pcap", "b\u{1b}.pcap"])
        #expect(record["link_types"] as? [Int] == [1])
        #expect(record["snaplen_bytes"] as? Int == 262_144)
        #expect(record["start"] as? String == "2023-11-14T22:13:20.000000005Z")
    }

    @Test func flowWithEverythingKeepsTheNamesOfTheContract() throws {
        let record = try parsed { $0.appendFlow(SampleRecords.fullFlow(), to: &$1) }
        let expected: [(String, Any)] = [
            ("type", "flow"), ("id", "f1"), ("community_id", "1:gg8/w1K0qK+Hlz7ygLO6RRvYCYA="), ("transport", "tcp"),
            ("client.ip", "10.0.3.7"),
            ("client.port", 51544), ("server.bytes", 290_000), ("server.payload_bytes", 280_000),
            ("orientation", "syn"), ("end", "2023-11-14T22:13:21.500000005Z"), ("duration_ms", 1500), ("state", "open"),
            ("final", true), ("evicted", true), ("tap", "server"), ("vlan", 7), ("tunnel.kind", "vxlan"),
            ("rtt.server.samples", 400), ("rtt.server.min_ms", 30), ("rtt.server.source", "tcp_timestamps"),
            ("rtt.client.jitter_ms", 0.001234), ("rtt.total.p95_ms", 31), ("rtt.handshake_ms", 32),
            ("queue_delay.server.p95_ms", 80), ("tcp.server.mss_bytes", 1448), ("tcp.server.ecn.negotiated", false),
            ("tcp.server.retransmissions.packets", 0), ("tcp.server.in_flight.max_bytes", 182_000),
            ("tcp.server.cwnd.phase", "congestion_avoidance"), ("tcp.server.cwnd.lower_bound", true),
            ("tcp.server.congestion_control.name", "cubic"), ("tcp.server.receive_window.min_bytes", 0),
            ("tcp.server.limited_by.receiver_ms", 300), ("tcp.server.rate.max_bps", 2_000_000),
            ("tcp.server.goodput_bps", 1_400_000), ("tcp.server.loss.events", 2), ("tcp.server.loss_ratio", 0.012346),
            ("tcp.server.zero_window_ms", 12), ("tcp.server.initial_cwnd_bytes", 14_480), ("tcp.server.pacing", true),
            ("tcp.multipath", true), ("fragmentation.black_hole_suspected", false), ("anomalies.window_shrunk", 2),
            ("decode.gap_bytes", 1448),
        ]
        for (path, wanted) in expected {
            let got = value(record, path)
            #expect((got as? NSObject) == (wanted as? NSObject), "\(path): \(String(describing: got))")
        }
        let verdict = try #require((record["verdicts"] as? [[String: Any]])?.first)
        #expect(verdict["rule"] as? String == "bufferbloat")
        #expect(verdict["evidence"] as? [String: Double] == ["queue_p95_ms": 84])
        #expect(verdict["first_ts"] as? String == "2023-11-14T22:13:20.000000005Z")
        let buffer = try #require((record["buffers"] as? [[String: Any]])?.first)
        #expect(buffer["layer"] as? String == "path")
        #expect(buffer["delay_ms"] as? Int == 84)
        let cut = try #require((value(record, "tcp.server.window_cuts") as? [[String: Any]])?.first)
        #expect(cut["ratio"] as? Double == 0.7)
    }

    @Test func whatIsNotKnownIsLeftOut() throws {
        var flow = SampleRecords.bareFlow()
        flow.tcp = TCPSnapshot()
        let record = try parsed { $0.appendFlow(flow, to: &$1) }
        for path in [
            "rtt", "queue_delay", "fragmentation", "buffers", "vlan", "tunnel", "tap", "evicted", "udp",
            "tcp.server.mss_bytes", "tcp.server.cwnd", "tcp.server.in_flight", "tcp.server.receive_window",
            "tcp.server.limited_by", "tcp.server.rate", "tcp.server.goodput_bps", "tcp.server.loss_ratio",
            "tcp.server.pacing", "tcp.server.congestion_control", "tcp.server.window_cuts", "tcp.server.ecn.negotiated",
        ] {
            #expect(value(record, path) == nil, "\(path)")
        }
    }

    @Test func lossesOnEitherSideOfTheCapturePoint() throws {
        var flow = SampleRecords.fullFlow()
        flow.tcp?.server.loss.upstream = 7
        flow.tcp?.server.loss.downstream = 2
        let record = try parsed { $0.appendFlow(flow, to: &$1) }
        #expect(value(record, "tcp.server.loss.upstream") as? Int == 7)
        #expect(value(record, "tcp.server.loss.downstream") as? Int == 2)
    }

    @Test func icmpHasNoPorts() throws {
        let record = try parsed { $0.appendFlow(SampleRecords.bareFlow(.icmp), to: &$1) }
        #expect(value(record, "client.port") == nil)
        #expect(value(record, "client.ip") as? String == "10.0.3.7")
    }

    @Test func datagramSizesOfTheEndThatSent() throws {
        var flow = SampleRecords.bareFlow(.udp)
        flow.client.packets = 3
        flow.datagramSizes = BothDirections(
            client: DatagramSizes(minimum: 40, maximum: 1200, mean: 400.5),
            server: DatagramSizes(minimum: 0, maximum: 0, mean: 0))
        let record = try parsed { $0.appendFlow(flow, to: &$1) }
        #expect(value(record, "udp.client.mean_bytes") as? Double == 400.5)
        #expect(value(record, "udp.server") == nil)
    }

    @Test func sampleHasKnownHalvesOnly() throws {
        var sample = FlowSample(time: SampleRecords.start + .milliseconds(100))
        sample.roundTrip.server = .milliseconds(30)
        sample.inFlight.server = 0
        sample.rate.client = 1234.5
        sample.rate.server = 99
        let record = try parsed {
            $0.appendSample(
                sample, flow: FlowIdentifier(number: 12), start: SampleRecords.start, to: &$1)
        }
        #expect(record["flow"] as? String == "f12")
        #expect(record["at_ms"] as? Int == 100)
        #expect(record["rtt_ms"] as? [String: Int] == ["server": 30])
        #expect(record["in_flight_bytes"] as? [String: Int] == ["server": 0])
        #expect(record["cwnd_bytes"] == nil)
        #expect(value(record, "rate_bps.client") as? Int == 1235)
        #expect(value(record, "rate_bps.server") as? Int == 99)
    }

    @Test(arguments: everyEvent)
    func events(kind: FlowEvent.Kind, name: String, members: [String]) throws {
        let event = FlowEvent(
            time: SampleRecords.start, flow: FlowIdentifier(number: 3), sinceStart: -1_500_000, kind: kind)
        let record = try parsed { $0.appendEvent(event, to: &$1) }
        #expect(record["event"] as? String == name)
        #expect(record["at_ms"] as? Double == -1.5)
        #expect(record.keys.sorted() == (members + ["at_ms", "event", "flow", "schema", "ts", "type"]).sorted())
    }

    @Test func summaryOfAFileDoesNotClaimZeroDrops() throws {
        var health = CaptureHealth()
        health.undecoded = [
            UndecodedCount(reason: "arp", packets: 2), UndecodedCount(reason: "a\"b", packets: 1),
            UndecodedCount(reason: "arp", packets: 3),
        ]
        var totals = TrafficTotals()
        totals.packets = 10
        let record = try parsed {
            $0.appendSummary(totals, health: health, duration: .seconds(2), elapsed: nil, to: &$1)
        }
        #expect(value(record, "dropped.kernel") == nil)
        #expect(value(record, "dropped.streamtop") as? Int == 0)
        #expect(record["duration_ms"] as? Int == 2000)
        #expect(record["elapsed_ms"] == nil)
        #expect(record["undecoded_packets"] as? [String: Int] == ["arp": 5, "a\"b": 1])
    }

    @Test func summaryOfALiveCaptureSaysItsDrops() throws {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        exporter.appendMeta(SourceDescription(kind: .interface, names: ["lo"]), version: "1", to: &buffer)
        buffer.removeAll()
        exporter.appendSummary(
            TrafficTotals(), health: CaptureHealth(), duration: 0, elapsed: .milliseconds(5), to: &buffer)
        let text = buffer.text
        #expect(text.contains(#""dropped":{"kernel":0,"interface":0,"streamtop":0}"#))
        #expect(text.contains(#""elapsed_ms":5"#))
    }

    /// What was given up for want of memory is told where there was any.
    @Test func summarySaysWhatMemoryWasGivenUp() throws {
        var health = CaptureHealth()
        health.memory = MemoryBudget(capacity: 1 << 20)
        func record() throws -> [String: Any] {
            try parsed { $0.appendSummary(TrafficTotals(), health: health, duration: 0, elapsed: nil, to: &$1) }
        }
        #expect(try record()["memory"] == nil)
        health.memory?.countRelease(of: 700)
        health.memory?.countRelease(of: 77)
        let memory = try record()["memory"] as? [String: Int]
        #expect(memory == ["budget_bytes": 1 << 20, "releases": 2, "released_bytes": 777])
    }

    @Test func interfaces() throws {
        let interface = InterfaceDescription(
            name: "lo", summary: nil, addresses: [IPAddress(v4: 0x7f00_0001), IPAddress(high: 0, low: 1)], isUp: true,
            isRunning: true, isLoopback: true)
        let record = try parsed { $0.appendInterface(interface, to: &$1) }
        #expect(record["addresses"] as? [String] == ["127.0.0.1", "::1"])
        #expect(record["loopback"] as? Bool == true)
        #expect(record["description"] == nil)
    }
}
