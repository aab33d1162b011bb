import StreamtopBase
import StreamtopModel
import StreamtopTestSupport

@testable import StreamtopView

/// A host that holds its own stream back, and what its kernel says.
enum SampleLadders {
    private static func rung(
        _ layer: BufferSnapshot.Layer, _ location: String, _ travel: BufferTravel, delay: Double?, occupied: Int? = nil,
        capacity: Int? = nil, source: String = "kernel"
    ) -> BufferSnapshot {
        var rung = BufferSnapshot(
            layer: layer, location: location, occupiedBytes: occupied, capacityBytes: capacity,
            delay: delay.map { Nanoseconds($0 * 1e6) }, source: source, confidence: 0.95)
        rung.direction = travel
        rung.bound = delay == nil ? .unknown : .measured
        return rung
    }

    /// A server here, its stream in front of its own shaper.
    @Sendable static func flow() -> FlowSnapshot {
        var flow = SampleSnapshots.flow(
            3, "203.0.113.9", 50_412, "192.0.2.17", 8_080, protocols: ["ipv4", "tcp", "http/1.1"], up: 2_400,
            down: 7_800_000)
        var queue = rung(.qdisc, "host", .out, delay: 130, occupied: 130_000, capacity: 400_000)
        queue.name = "eth0"
        queue.trend = .growing
        queue.drops = 41
        var path = rung(.path, "client", .out, delay: 15.4, occupied: 14_480, source: "rtt")
        path.queue = 400_000
        var ring = rung(.nic, "host", .inward, delay: nil)
        ring.name = "eth0"
        ring.drops = 0
        flow.buffers = [
            rung(.socketSend, "server", .out, delay: 2.1, occupied: 2_048, capacity: 87_040), queue,
            path,
            rung(.socketReceive, "client", .out, delay: 0, occupied: 0, capacity: 262_144, source: "receive_window"),
            ring, rung(.softnet, "host", .inward, delay: 0),
            rung(.socketReceive, "server", .inward, delay: 0, occupied: 0, capacity: 131_072),
        ]
        flow.ladder = LadderSnapshot(
            out: LadderSnapshot.Sum(total: 147_500_000, bound: .measured, largest: .qdisc, unread: []),
            inward: LadderSnapshot.Sum(total: 0, bound: .atLeast, largest: nil, unread: [.nic]))
        var socket = KernelSocket(
            time: SampleSnapshots.now, local: flow.server.endpoint, remote: flow.client.endpoint, state: .established)
        socket.congestionWindow = 144_800
        socket.inFlight = 14_480
        socket.smoothedRoundTrip = 161_000_000
        socket.notSent = 2_048
        socket.unread = 0
        socket.pacingRate = 8_100_000
        socket.deliveryRate = 7_900_000
        socket.congestionControl = "bbr"
        socket.bbr = BBRState(bandwidth: 8e6)
        socket.bbr?.pacingGain = 1
        socket.bbr?.windowGain = 2
        socket.retransmissions = 3
        socket.busy = .seconds(20)
        socket.receiverLimited = .seconds(1)
        socket.sendBufferLimited = .milliseconds(200)
        socket.multipath = MultipathState()
        socket.multipath?.connection = MultipathConnection(unreadMemory: 0)
        socket.multipath?.connection?.subflows = 2
        var kernel = KernelSample(socket: socket, side: .fromServer)
        kernel.estimatedWindow = 140_000
        kernel.otherSubflows = [FlowIdentifier(number: 4)]
        flow.kernel = kernel
        flow.roundTrip.client = SampleSnapshots.summary(30.4, minimum: 30, p95: 31)
        flow.series = MetricSeries(
            interval: .milliseconds(200),
            samples: (0..<150).map { index in
                var sample = FlowSample(time: SampleSnapshots.now - .milliseconds(Int64((149 - index) * 200)))
                sample.roundTrip.client = 30_400_000
                sample.inFlight.server = 14_480
                sample.congestionWindow.server = 140_000
                sample.rate.server = 7_800_000
                var kernel = socket
                kernel.smoothedRoundTrip = 31_000_000 + Int64(index) * 866_000
                kernel.congestionWindow = 100_000 + index * 300
                sample.kernel = KernelSample(socket: kernel, side: .fromServer)
                return sample
            })
        flow.hostEnd = .fromServer
        flow.processes = BothDirections(
            client: nil, server: ProcessSnapshot(pid: 4_711, name: "origin", user: "www", container: "0123456789ab"))
        flow.verdicts = [
            Verdict(
                rule: "held_on_this_host", ruleNumber: 96, severity: .critical, subject: .host,
                summary: "130 ms of 148 ms sit in the queue of eth0",
                evidence: [.init("queue_ms", 130), .init("kernel_less_packets_ms", 131)],
                advice: "On this host, not on the path: see the queue of eth0.", firstSeen: SampleSnapshots.start,
                confidence: 0.9, priority: 1)
        ]
        return flow
    }

    @Sendable static func host() -> Snapshot {
        var snapshot = SampleHandshakes.lone(flow)()
        var host = HostSnapshot(time: SampleSnapshots.now)
        var queue = HostLayer(.qdisc, name: "eth0", direction: .out, unit: .bytes, occupied: 130_000, capacity: 400_000)
        queue.kind = "tbf"
        queue.delay = 130_000_000
        queue.bound = .measured
        queue.droppedSince = 41
        queue.dropsPerSecond = 3
        queue.trend = .growing
        var bridge = HostLayer(.qdisc, name: "br0", direction: .out, unit: .bytes, occupied: 0)
        bridge.kind = "noqueue"
        bridge.delay = 0
        bridge.bound = .measured
        var driver = HostLayer(.driver, name: "eth0", direction: .out, unit: .bytes, occupied: 3_028, capacity: 9_084)
        driver.delay = 3_000_000
        driver.bound = .measured
        let ring = HostLayer(.nic, name: "eth0", direction: .inward, unit: .descriptors, capacity: 256)
        var processor = HostLayer(
            .softnet, name: "cpu0", direction: .inward, unit: .packets, occupied: 12, capacity: 1_000)
        processor.delay = 20_000
        processor.bound = .measured
        let socket = HostLayer(
            .socketReceive, name: "udp:5004", direction: .inward, unit: .bytes, occupied: 90_112, capacity: 212_992)
        host.layers = [queue, driver, bridge, ring, processor, socket]
        host.unread = [
            UnreadLayer(.nic, name: "br0", reason: "a bridge device has no rings"),
            UnreadLayer(
                .application, name: "processes", reason: "no permission to see the owners of 12 processes' sockets"),
        ]
        host.sockets.tcp = 1_204
        host.sockets.udp = 17
        var holding = SocketHolding(
            transport: .tcp, local: snapshot.flows[0].server.endpoint, remote: snapshot.flows[0].client.endpoint,
            unread: 0, unsent: 16_528, inode: 9)
        holding.process = snapshot.flows[0].processes?.server
        host.fullest = [holding]
        host.counters = [HostCounter(name: "TcpExt.TCPRcvQDrop", value: 90, rise: 12, perSecond: 0.5)]
        host.processorPressure = 0.05
        host.settings.congestionControl = "bbr"
        host.settings.defaultDiscipline = "pfifo_fast"
        host.settings.tcpReceiveMaximum = 6_291_456
        host.settings.slowStartAfterIdle = true
        snapshot.host = host
        var compared = KernelComparison(flows: 6, joined: 5, wrongNames: 0)
        compared.window = KernelComparison.Error(samples: 120, p50: 0.019, p95: 0.09)
        compared.roundTrip = KernelComparison.Error(samples: 900, p50: 0.004, p95: 0.031)
        compared.limitedRoundTrip = KernelComparison.Error(samples: 40, p50: 0.08, p95: 0.6)
        compared.retransmissions = KernelComparison.Error(samples: 5, p50: 0, p95: 0.1)
        compared.limitedBy = KernelComparison.Error(samples: 2, p50: 0.02, p95: 0.03)
        compared.namesCompared = 5
        snapshot.kernelComparison = compared
        snapshot.verdicts = [
            Verdict(
                rule: "local_queue", ruleNumber: 53, severity: .critical, subject: .host,
                summary: "Packets wait 130 ms in the queue of eth0 (tbf) before they leave this host",
                evidence: [.init("queue_ms", 130)],
                advice:
                    "On this host: a shorter limit or an AQM below the shaper: tc qdisc add dev eth0 parent 8001:1 fq_codel. Risk: earlier drops.",
                firstSeen: SampleSnapshots.start, confidence: 0.95, priority: 1)
        ]
        return snapshot
    }
}
