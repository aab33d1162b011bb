import StreamtopBase
import StreamtopModel
import Testing

@testable import StreamtopExport

/// Records about the host and what its kernel says of flows.
@Suite(.enabled(if: SchemaValidator.isInstalled, "needs python3 with jsonschema (apt: python3-jsonschema)"))
struct KernelRecordTests {
    static let local = Endpoint(address: IPAddress(v4: 0x0a00_0001), port: 443)
    static let remote = Endpoint(address: IPAddress(v4: 0x0a00_0002), port: 50_000)

    static var socket: KernelSocket {
        var socket = KernelSocket(time: SampleRecords.start + 5, local: local, remote: remote, state: .established)
        socket.segmentSize = 1_448
        socket.congestionWindow = 14_480
        socket.slowStartThreshold = 28_960
        socket.inFlight = 7_240
        socket.lostPackets = 0
        socket.peerWindow = 65_536
        socket.smoothedRoundTrip = .milliseconds(41)
        socket.roundTripVariation = .milliseconds(2)
        socket.minimumRoundTrip = .milliseconds(30)
        socket.backoff = 1
        socket.pacingRate = 1e9
        socket.deliveryRate = 2e7
        socket.notSent = 90
        socket.unread = 0
        socket.memory = SocketMemory(received: 0, receiveLimit: 131_072, handedDown: 0, sendLimit: 87_040)
        socket.retransmissions = 3
        socket.busy = .seconds(2)
        socket.receiverLimited = 0
        socket.sendBufferLimited = .milliseconds(5)
        socket.congestionControl = "bbr"
        socket.bbr = BBRState(bandwidth: 1e8)
        socket.bbr?.minimumRoundTrip = .milliseconds(30)
        socket.bbr?.pacingGain = 1
        socket.bbr?.windowGain = 2
        return socket
    }

    static var host: HostSnapshot {
        var host = HostSnapshot(time: SampleRecords.start)
        var queue = HostLayer(.qdisc, name: "eth0", direction: .out, unit: .bytes, occupied: 84_000, capacity: 100_000)
        queue.kind = "tbf"
        queue.delay = .milliseconds(84)
        queue.bound = .measured
        queue.drops = 7
        queue.droppedSince = 2
        queue.dropsPerSecond = 0.5
        queue.drainPerSecond = 1_000_000
        queue.trend = .growing
        queue.isPaced = true
        host.layers = [queue, HostLayer(.nic, name: "eth0", direction: .inward, unit: .descriptors, capacity: 256)]
        host.unread = [UnreadLayer(.application, name: "processes", reason: "no permission")]
        host.sockets.tcp = 10
        host.sockets.udp = 1
        host.sockets.listening = 2
        host.sockets.tcpMemory = 40_960
        var holding = SocketHolding(
            transport: .udp, local: local, remote: remote, unread: 9, unsent: 0, inode: 5)
        holding.drops = 3
        holding.namespace = "web"
        holding.process = ProcessSnapshot(pid: 12, name: "origin", user: "www", container: "0123456789ab")
        host.fullest = [holding]
        host.counters = [HostCounter(name: "TcpExt.ListenDrops", value: 9, rise: 2, perSecond: 0.5)]
        host.processorPressure = 0.25
        host.repeatedReadings = 1
        host.failedReadings = 1
        return host
    }

    static let everything: [UInt8] = {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        exporter.appendHost(host, verdicts: SampleRecords.fullFlow().verdicts, to: &buffer)
        exporter.appendHost(HostSnapshot(time: SampleRecords.start), verdicts: [], to: &buffer)
        var sample = FlowSample(time: SampleRecords.start)
        var kernel = KernelSample(socket: socket, side: .fromServer)
        kernel.windowError = -0.5
        kernel.roundTripError = 0.01
        kernel.flightError = 0
        kernel.otherSubflows = [FlowIdentifier(number: 4)]
        var multipath = MultipathState()
        multipath.token = 0x84a6_337c
        multipath.peerToken = 7
        multipath.addressIdentifier = 1
        multipath.peerAddressIdentifier = 0
        multipath.connection = MultipathConnection(unreadMemory: 21_664)
        multipath.connection?.subflows = 2
        multipath.connection?.notSent = 65_000
        multipath.connection?.retransmissions = 3
        kernel.socket.multipath = multipath
        sample.kernel = kernel
        exporter.appendSample(sample, flow: FlowIdentifier(number: 1), start: SampleRecords.start, to: &buffer)
        var flow = SampleRecords.fullFlow()
        flow.buffers[0].direction = .out
        flow.buffers[0].queue = .milliseconds(60)
        flow.buffers[0].bound = .measured
        flow.buffers[0].drops = 1
        flow.buffers[0].dropsPerSecond = 0.1
        flow.buffers[0].trend = .steady
        flow.buffers[0].name = "eth0"
        flow.buffers[0].isPaced = true
        flow.ladder = LadderSnapshot(
            out: LadderSnapshot.Sum(total: .milliseconds(99), bound: .atLeast, largest: .path, unread: [.nic]),
            inward: LadderSnapshot.Sum(total: nil, bound: .measured, largest: nil, unread: []))
        let owner = ProcessSnapshot(pid: 12, name: "origin", user: "www", container: nil)
        flow.processes = BothDirections(client: owner, server: ProcessSnapshot(user: "root"))
        exporter.appendFlow(flow, to: &buffer)
        var comparison = KernelComparison(flows: 3, joined: 2, wrongNames: 1)
        comparison.window = KernelComparison.Error(samples: 9, p50: 0.01, p95: 0.2)
        comparison.roundTrip = comparison.window
        comparison.flight = comparison.window
        comparison.retransmissions = comparison.window
        comparison.limitedBy = comparison.window
        comparison.limitedRoundTrip = comparison.window
        comparison.limitedFlight = comparison.window
        comparison.namesCompared = 2
        exporter.appendSummary(
            TrafficTotals(), health: CaptureHealth(), duration: 5, elapsed: nil, kernel: comparison, to: &buffer)
        return Array(buffer.text.utf8)
    }()

    @Test func everyMemberIsInTheSchema() throws {
        let result = try SchemaValidator.python(
            SchemaValidator.validator, arguments: [SchemaValidator.schema, "closed"], input: Self.everything)
        #expect(result.status == 0, "\(result.output)")
    }

    /// Written as ss(8) writes it, so that it can be looked for there.
    @Test func subflowsAreJoinedByTheirToken() {
        let text = String(decoding: Self.everything, as: UTF8.self)
        #expect(text.contains(#""mptcp":{"token":"84a6337c","peer_token":"7","address_id":1,"peer_address_id":0,"#))
        #expect(text.contains(#""unread_memory_bytes":21664,"retransmissions":3,"with":["f4"]"#))
        #expect(text.contains(#""application_limited":{"srtt":{"samples":9,"#))
    }

    /// Unknown is left out: never 0, never "".
    @Test func unknownIsLeftOut() throws {
        var exporter = JSONLinesExporter()
        var buffer = RecordBuffer()
        var sample = FlowSample(time: SampleRecords.start)
        sample.kernel = KernelSample(
            socket: KernelSocket(
                time: SampleRecords.start, local: Self.local, remote: Self.remote, state: .established),
            side: .fromServer)
        exporter.appendSample(sample, flow: FlowIdentifier(number: 1), start: SampleRecords.start, to: &buffer)
        let line = buffer.text
        #expect(line.contains(#""kernel":{"side":"server","at_ms":0,"limited":{}}"#))
        var flow = SampleRecords.bareFlow(.icmp, number: 2)
        flow.processes = BothDirections(client: nil, server: ProcessSnapshot(user: "root"))
        buffer = RecordBuffer()
        exporter.appendFlow(flow, to: &buffer)
        #expect(buffer.text.contains(#""process":{"user":"root"}"#))
        #expect(!buffer.text.contains("ladder"))
    }
}
