import StreamtopBase
import StreamtopModel
import StreamtopTestSupport
import Testing

@testable import StreamtopEngine

/// What the host's kernel says of a socket, joined to the flow of that socket.
@Suite struct HostJoinTests {
    let client: Endpoint = "192.0.2.1:50000"
    let server: Endpoint = "192.0.2.2:443"

    private var options: EngineOptions {
        var options = EngineOptions()
        options.asksHost = true
        options.localAddresses = [server.address]
        options.sampleInterval = .milliseconds(100)
        return options
    }

    private func socket(_ driver: borrowing EngineDriver, _ change: (inout KernelSocket) -> Void = { _ in })
        -> KernelSocket
    {
        var socket = KernelSocket(time: driver.time, local: server, remote: client, state: .established)
        socket.cookie = 7
        socket.inode = 99
        socket.segmentSize = 1_000
        socket.congestionWindow = 10_000
        socket.inFlight = 1_000
        socket.smoothedRoundTrip = .milliseconds(10)
        socket.notSent = 0
        socket.unread = 0
        socket.sendQueue = 1_000
        socket.congestionControl = "cubic"
        socket.ownScale = 7
        socket.peerScale = 3
        socket.acknowledgedBytes = 0
        change(&socket)
        return socket
    }

    private func report(_ sockets: [KernelSocket], at time: Timestamp) -> HostReport {
        var report = HostReport(time: time)
        report.sockets = sockets
        report.host = HostSnapshot(time: time)
        report.owners = [99: ProcessSnapshot(pid: 12, name: "origin", user: "www")]
        return report
    }

    /// A connection that was there before the capture: data one way, acknowledgments the other.
    private func talk(_ driver: inout EngineDriver, _ rounds: Int, from first: Int = 0) {
        let payload = [UInt8](repeating: 0, count: 1_000)
        for round in first..<(first + rounds) {
            driver.send(
                PacketBuilder.tcpFrame(
                    from: server, to: client, sequence: 1_000 + UInt32(round) * 1_000, acknowledgment: 1, flags: 0x10,
                    payload: payload), after: .milliseconds(20))
            driver.send(
                PacketBuilder.tcpFrame(
                    from: client, to: server, sequence: 1, acknowledgment: 2_000 + UInt32(round) * 1_000, flags: 0x10,
                    window: 500), after: .milliseconds(10))
        }
    }

    @Test func activeFlowsAreWishedForAndJoined() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 5)
        let requests = driver.engine.takeHostRequests()
        #expect(requests.flows == [FlowKey(source: server, destination: client, transport: 6)])
        driver.engine.observe(report([socket(driver)], at: driver.time))
        talk(&driver, 10, from: 5)
        let kernel = try #require(driver.samples.last?.sample.kernel)
        #expect(kernel.side == .fromServer && kernel.socket.congestionWindow == 10_000)
        let flow = try #require(driver.engine.snapshot().flows.first)
        #expect(flow.hostEnd == .fromServer)
        #expect(flow.processes?.server?.name == "origin")
        #expect(flow.tcp?.server.congestionControl?.source == .kernel)
        #expect(flow.tcp?.server.congestionWindow?.bytes == 10_000)
        #expect(driver.engine.kernelComparison != nil)
    }

    /// No SYN was captured: the kernel knows the scales of the windows, and from then on so do we.
    @Test func scalesOfWindows() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 3)
        #expect(driver.engine.snapshot().flows.first?.tcp?.client.receiveWindow == nil)
        driver.engine.observe(report([socket(driver)], at: driver.time))
        talk(&driver, 3, from: 3)
        let tcp = try #require(driver.engine.snapshot().flows.first?.tcp)
        #expect(tcp.client.windowScale == 3 && tcp.server.windowScale == 7)
        #expect(tcp.client.receiveWindow?.last == 500 << 3)
    }

    /// Two namespaces that hold a socket with these ends: which one the flow has is not known.
    @Test func twoOfThemAreNone() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 3)
        let one = socket(driver) { $0.isElsewhere = true }
        let other = socket(driver) {
            $0.isElsewhere = true
            $0.cookie = 8
        }
        driver.engine.observe(report([one, other], at: driver.time))
        talk(&driver, 10, from: 3)
        #expect(driver.samples.allSatisfy { $0.sample.kernel == nil })
        #expect(driver.engine.snapshot().flows.first?.kernel == nil)
    }

    /// A socket with the same ends that came later is another one: rates do not reach across.
    @Test func aNewSocketBeginsAnew() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 3)
        driver.engine.observe(report([socket(driver) { $0.acknowledgedBytes = 9_000_000 }], at: driver.time))
        talk(&driver, 20, from: 3)
        driver.engine.observe(
            report(
                [
                    socket(driver) {
                        $0.cookie = 8
                        $0.acknowledgedBytes = 5
                        $0.notSent = 400_000
                    }
                ], at: driver.time))
        let flow = try #require(driver.engine.snapshot().flows.first)
        let rung = try #require(flow.buffers.first { $0.layer == .socketSend })
        #expect(rung.occupiedBytes == 400_000 && rung.delay == nil)
    }

    /// Nobody asks, or nobody answers any more: nothing is made up.
    @Test func silenceOfTheKernel() throws {
        var driver = EngineDriver(options: EngineOptions())
        talk(&driver, 5)
        #expect(driver.engine.takeHostRequests().flows.isEmpty)
        #expect(driver.engine.kernelComparison == nil && driver.engine.host == nil)

        var other = EngineDriver(options: options)
        talk(&other, 5)
        other.engine.observe(report([socket(other)], at: other.time))
        talk(&other, 200, from: 5)
        #expect(other.samples.last?.sample.kernel == nil)
        #expect(other.engine.snapshot().flows.first?.buffers.contains { $0.source == "kernel" } != true)
    }

    @Test func aDatagramSocketHoldsForAllItsFlows() throws {
        var options = options
        options.localAddresses = [server.address]
        var driver = EngineDriver(options: options)
        for port in [50_001, 50_002] as [UInt16] {
            for _ in 0..<3 {
                driver.send(
                    PacketBuilder.udpFrame(
                        from: Endpoint(address: client.address, port: port), to: server, payload: [1, 2, 3]))
            }
        }
        var report = HostReport(time: driver.time)
        report.host = HostSnapshot(time: driver.time)
        report.datagramSockets = [
            DatagramSocket(
                time: driver.time, local: Endpoint(address: .unspecified, port: 443), remote: .unspecified, inode: 5,
                user: 0, memory: SocketMemory(received: 90_000, receiveLimit: 100_000, handedDown: 0, sendLimit: 1))
        ]
        driver.engine.observe(report)
        let flows = driver.engine.snapshot().flows
        #expect(flows.count == 2)
        for flow in flows {
            let rung = try #require(flow.buffers.first { $0.layer == .socketReceive })
            #expect(rung.occupiedBytes == 90_000 && rung.delay == nil && rung.drops == nil)
            #expect(flow.ladder?.inward?.largest == .socketReceive && flow.ladder?.inward?.bound == .atLeast)
        }
    }

    private func layer(_ name: String, _ layer: BufferSnapshot.Layer, waits milliseconds: Int64) -> HostLayer {
        var entry = HostLayer(
            layer, name: name, direction: .out, unit: .bytes, occupied: Int(milliseconds) * 1_000)
        entry.delay = .milliseconds(milliseconds)
        entry.bound = .measured
        return entry
    }

    /// A socket in another namespace: each device on its way is a rung, its own settings are not this namespace's, and what its
    /// queue holds is no error of ours.
    @Test func devicesOfAnotherNamespace() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 5)
        var report = report(
            [
                socket(driver) {
                    $0.isElsewhere = true
                    $0.ownEnds = SocketEnds(local: "172.31.7.2:80", remote: client)
                    $0.inFlight = 21_000
                    $0.smoothedRoundTrip = .milliseconds(30)
                    $0.memory = SocketMemory(received: 0, receiveLimit: 1, handedDown: 40_000, sendLimit: 1)
                }
            ], at: driver.time)
        let key = FlowKey(source: server, destination: client, transport: 6)
        report.paths[key] = HostPath(out: ["player/eth0", "eth0"], inward: ["veth7"])
        report.host?.layers = [
            layer("player/eth0", .qdisc, waits: 20), layer("eth0", .qdisc, waits: 0), layer("veth7", .qdisc, waits: 0),
        ]
        driver.engine.observe(report)
        talk(&driver, 5, from: 5)
        let flow = try #require(driver.engine.snapshot().flows.first)
        let queues = flow.buffers.filter { $0.layer == .qdisc }
        #expect(queues.map(\.name) == ["player/eth0", "eth0", "veth7"])
        #expect(flow.ladder?.out?.largest == .qdisc)
        #expect(flow.host == nil && flow.kernel?.socket.ownEnds?.local == "172.31.7.2:80")
        let sample = try #require(driver.samples.last?.sample.kernel)
        // A kilobyte under way, and twenty in the queue behind which the capture sits.
        #expect(abs(sample.flightError ?? 1) < 0.05)
    }

    /// A UDP socket behind this host's NAT, by the ends that the capture shows; before the report says so, none.
    @Test func aDatagramSocketBehindNAT() throws {
        var driver = EngineDriver(options: options)
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3]))
        let key = FlowKey(source: client, destination: server, transport: 17)
        #expect(driver.engine.takeHostRequests().datagrams == [key])
        var report = HostReport(time: driver.time)
        report.host = HostSnapshot(time: driver.time)
        var socket = DatagramSocket(
            time: driver.time, local: Endpoint(address: .unspecified, port: 443), remote: .unspecified, inode: 99,
            user: 0, memory: SocketMemory(received: 90_000, receiveLimit: 100_000, handedDown: 0, sendLimit: 1))
        socket.isElsewhere = true
        socket.namespaceAddresses = ["172.31.7.2"]
        report.datagramSockets = [socket]
        report.owners = [99: ProcessSnapshot(pid: 12, name: "player", user: "www")]
        driver.engine.observe(report)
        #expect(driver.engine.snapshot().flows.first?.processes == nil, "open to all means all of its own namespace")
        socket.local = server
        report.translatedDatagrams = [key: socket]
        driver.engine.observe(report)
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3]))
        let flow = try #require(driver.engine.snapshot().flows.first)
        #expect(flow.hostEnd == .fromServer && flow.processes?.server?.name == "player")
        #expect(flow.buffers.contains { $0.layer == .socketReceive && $0.occupiedBytes == 90_000 })
    }

    /// Both ends on this machine: the one in the capture's own namespace is the near one, though the other is asked for first.
    @Test func theNearEndIsTheCapturesOwn() throws {
        var driver = EngineDriver(options: options)
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3]))
        let time = driver.time
        var report = HostReport(time: time)
        report.host = HostSnapshot(time: time)
        func taking(_ local: Endpoint, _ received: Int) -> DatagramSocket {
            DatagramSocket(
                time: time, local: local, remote: .unspecified, inode: UInt32(local.port), user: 0,
                memory: SocketMemory(received: received, receiveLimit: 100_000, handedDown: 0, sendLimit: 1))
        }
        var peer = taking(client, 0)
        peer.isElsewhere = true
        peer.namespaceAddresses = [client.address]
        report.datagramSockets = [peer, taking(server, 90_000)]
        driver.engine.observe(report)
        let flow = try #require(driver.engine.snapshot().flows.first)
        #expect(flow.hostEnd == .fromServer)
        #expect(flow.buffers.contains { $0.layer == .socketReceive && $0.occupiedBytes == 90_000 })
        // Its socket has gone, the peer's is still there: the near end stays where it was, and its queues with it.
        report.time = driver.time + 1
        report.datagramSockets = [peer]
        report.host?.layers = [layer("eth0", .qdisc, waits: 0), layer("player/eth0", .qdisc, waits: 0)]
        report.routes = [client.address: ["eth0"]]
        report.paths[FlowKey(source: client, destination: server, transport: 17)] = HostPath(
            out: ["player/eth0"], inward: [])
        driver.engine.observe(report)
        driver.send(PacketBuilder.udpFrame(from: client, to: server, payload: [1, 2, 3]))
        let later = try #require(driver.engine.snapshot().flows.first)
        #expect(later.hostEnd == .fromServer && !later.buffers.contains { $0.layer == .socketReceive })
        #expect(later.buffers.filter { $0.layer == .qdisc }.map(\.name) == ["eth0"])
    }

    /// Settings of this host stand with a flow whose end is here.
    @Test func settingsOfThisHost() throws {
        var driver = EngineDriver(options: options)
        talk(&driver, 5)
        var report = report([socket(driver)], at: driver.time)
        report.host?.settings.congestionControl = "cubic"
        driver.engine.observe(report)
        talk(&driver, 2, from: 5)
        #expect(driver.engine.snapshot().flows.first?.host?.settings.congestionControl == "cubic")
    }
}
