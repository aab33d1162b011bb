import StreamtopBase
import StreamtopDiagnosis
import StreamtopModel
import StreamtopTransport
import StreamtopWire

/// The host's kernel: what it says, joined to flows (decision 0261).
extension FlowEngine {
    /// Takes a message about the host.
    mutating func observe(_ report: HostReport) {
        host.observe(report)
        for socket in report.sockets { adoptScales(of: socket) }
    }

    /// The scales of windows that no SYN told, where the kernel has them.
    private mutating func adoptScales(of socket: KernelSocket) {
        let key = FlowKey(source: socket.local, destination: socket.remote, transport: 6)
        guard let position = flows.find(key, hash: flows.hash(key)), flows[position].tcp != FlowEntry.none else {
            return
        }
        let near = flows[position].direction(from: socket.local)
        // Without the option neither end scales (RFC 7323 section 2.2).
        trackers.tcp[flows[position].tcp].adoptScales(
            own: UInt8(clamping: socket.ownScale ?? 0), peer: UInt8(clamping: socket.peerScale ?? 0), of: near)
    }

    /// Flows whose sockets are worth asking about: those with packets since the last call, and those that hold something.
    mutating func takeHostRequests() -> HostRequests {
        var requests = HostRequests()
        host.forget(at: now)
        for position in host.active.take(from: &flows) {
            guard flows[position].transport == .tcp else {
                if flows[position].transport == .udp, requests.peers.count < Self.requestCapacity {
                    requests.peers += [flows[position].clientEndpoint.address, flows[position].serverEndpoint.address]
                    requests.datagrams.append(flows[position].key.withoutEncapsulation)
                }
                continue
            }
            guard flows[position].standing != .over else { continue }
            host.watched[flows[position].key.withoutEncapsulation] = now
        }
        host.watched = host.watched.filter { now - $0.value < .seconds(3) || holdsBytes($0.key) }
        if host.watched.count > Self.requestCapacity {
            let newest = host.watched.sorted { $0.value > $1.value }.prefix(Self.requestCapacity)
            host.watched = Dictionary(uniqueKeysWithValues: newest.map { ($0.key, $0.value) })
        }
        // By age, so that the order is the same from call to call.
        let ordered = host.watched.keys.map { (ordinal: order($0), key: $0) }.sorted { $0.ordinal < $1.ordinal }
        requests.flows = ordered.map(\.key)
        return requests
    }

    static var requestCapacity: Int { 512 }

    private func order(_ key: FlowKey) -> UInt64 {
        flows.find(key, hash: flows.hash(key)).map { flows[$0].ordinal } ?? .max
    }

    private func holdsBytes(_ key: FlowKey) -> Bool {
        guard let socket = host.course(of: key)?.newest, now - socket.time < HostFacts.freshness else { return false }
        return socket.state == .established && (socket.unread ?? 0) + (socket.sendQueue ?? 0) > 0
    }

    /// Flows that stand still while their socket holds bytes, for records that tell of active flows.
    func isHeld(_ position: UInt32) -> Bool {
        guard host.isAsked, flows[position].transport == .tcp else { return false }
        return holdsBytes(flows[position].key.withoutEncapsulation)
    }

    /// The kernel's values beside ours of the moment of `sample`.
    func kernelSample(_ position: UInt32, beside sample: borrowing FlowSample) -> KernelSample? {
        guard let course = host.course(of: flows[position].key) else { return nil }
        let socket = course.answer(at: sample.time)
        guard abs(sample.time - socket.time) < .milliseconds(500) else { return nil }
        let side = flows[position].direction(from: socket.local)
        var beside = KernelSample(socket: socket, side: side)
        beside.otherSubflows = otherSubflows(of: socket)
        // The capture sits behind the queues of this host: what they hold is in the kernel's flight and round trip alone.
        var held = host.queue(of: flows[position].key, to: socket.remote.address)
        // Others share the queue: no more of it is this socket's than the kernel has handed down for it.
        held.bytes = min(held.bytes, socket.memory?.handedDown ?? held.bytes)
        // A window that nothing fills cannot be seen from outside.
        if socket.isApplicationLimited != true, socket.fillsWindow == true, let window = socket.congestionWindow,
            window > 0,
            let flight = socket.inFlight, held.bytes * 10 <= flight
        {
            beside.windowError = Self.error(sample.congestionWindow[side], window)
        }
        beside.flightError = Self.error(
            sample.inFlight[side].map { $0.addingReportingOverflow(held.bytes).partialValue }, socket.inFlight)
        if let far = sample.roundTrip[side.reversed] {
            // The near half holds that queue, too, where it was measured lately.
            let near = max(sample.roundTrip[side] ?? 0, held.wait)
            beside.roundTripError = Self.error(
                Int(saturatingAdd(far, near)), socket.smoothedRoundTrip.map { Int($0) })
        }
        return beside
    }

    private func otherSubflows(of socket: KernelSocket) -> [FlowIdentifier] {
        guard socket.multipath != nil else { return [] }
        return host.otherSubflows(of: socket).compactMap { key in
            flows.find(key, hash: flows.hash(key)).map { flows[$0].identifier }
        }.sorted()
    }

    /// The kernel says that the flight does not fill the window: then what we took for it is the flight.
    func withholdUnfilledWindow(_ sample: inout FlowSample) {
        guard let kernel = sample.kernel, kernel.socket.fillsWindow == false else { return }
        sample.congestionWindow[kernel.side] = nil
    }

    private static func error(_ ours: Int?, _ kernel: Int?) -> Double? {
        guard let ours, let kernel, kernel > 0 else { return nil }
        return (Double(ours) - Double(kernel)) / Double(kernel)
    }

    /// Writes what the host's kernel says of the flow, and the ladder, into its picture.
    func fillHost(_ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, at time: Timestamp) {
        let ladder: LadderBuilder.Ladder
        if host.isAsked {
            var facts = LadderFacts()
            join(&flow, entry, &facts, at: time)
            guard flow.transport == .tcp || facts.near != nil else { return }
            ladder = LadderBuilder.build(flow, facts)
        } else {
            guard flow.transport == .tcp else { return }
            ladder = LadderBuilder.build(flow, Self.packetsAlone)
        }
        flow.buffers = ladder.buffers
        flow.$ladder = ladder.sums.map { Boxed.Box($0) }
    }

    /// What is known of buffers where nobody asks the kernel.
    private static let packetsAlone = LadderFacts()

    private func join(
        _ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, _ facts: inout LadderFacts, at time: Timestamp
    ) {
        facts.$host = host.hostBox
        let isClientHere = options.localAddresses.contains(flow.client.endpoint.address)
        let isServerHere = options.localAddresses.contains(flow.server.endpoint.address)
        if isClientHere != isServerHere { facts.near = isClientHere ? .fromClient : .fromServer }
        var hasPeersPath = false
        facts.hasEnded = flow.isFinal || flow.state == .closed || flow.state == .reset
        if entry.transport == .tcp, let course = host.course(of: entry.key) {
            let socket = course.newest
            let near = entry.direction(from: socket.local)
            facts.near = near
            var sample = KernelSample(socket: socket, side: near)
            sample.receiverLimitedShare = course.receiverLimitedShare
            sample.otherSubflows = otherSubflows(of: socket)
            if socket.fillsWindow == true, let estimate = flow.tcp?[near].congestionWindow, !estimate.isLowerBound {
                sample.estimatedWindow = estimate.bytes
            }
            flow.$kernel = Boxed.Box(sample)
            if time - socket.time < HostFacts.freshness, !facts.hasEnded {
                facts.socket = socket
                facts.acknowledgedPerSecond = course.acknowledgedPerSecond
                facts.readPerSecond = course.readPerSecond
            }
            apply(course, of: near, to: &flow)
            own(&flow, near, socket.inode)
        } else if entry.transport == .udp {
            hasPeersPath = joinDatagramSockets(&flow, entry, &facts, at: time)
        }
        if let near = facts.near {
            flow.hostEnd = near
            // Settings and counters of another namespace are others.
            if facts.$socket?.value.isElsewhere != true, facts.datagramSocket?.isElsewhere != true,
                options.localAddresses.contains(
                    near == .fromClient
                        ? flow.client.endpoint.address : flow.server.endpoint.address)
            {
                flow.$host = host.hostBox
            }
            let far = near == .fromClient ? flow.server.endpoint.address : flow.client.endpoint.address
            // A socket in another namespace: its packets pass that one's devices, too.
            if let path = host.path(of: entry.key), !hasPeersPath {
                facts.devices = path.out
                facts.devicesInward = path.inward
            } else {
                facts.devices = host.devices(to: far)
            }
        }
    }

    /// - Returns: the only socket found is the peer's, in another namespace, and what is known of its way is not the near end's.
    private func joinDatagramSockets(
        _ flow: inout FlowSnapshot, _ entry: borrowing FlowEntry, _ facts: inout LadderFacts, at time: Timestamp
    ) -> Bool {
        if let socket = host.translatedDatagramSocket(of: entry.key) {
            let end = entry.direction(from: socket.local)
            own(&flow, end, socket.inode)
            guard !facts.hasEnded, time - socket.time < HostFacts.freshness else { return false }
            facts.near = end
            facts.datagramSocket = socket
            return false
        }
        var isPeers = false
        let capturesOwn = facts.near
        for end in Direction.allCases {
            let local = end == .fromClient ? flow.client.endpoint : flow.server.endpoint
            let remote = end == .fromClient ? flow.server.endpoint : flow.client.endpoint
            guard let socket = host.datagramSocket(of: local, from: remote) else { continue }
            // A socket open to all addresses may be another namespace's, or take packets of this one's only.
            let isCertain =
                socket.local.address == local.address || options.localAddresses.contains(local.address)
                || socket.namespaceAddresses?.contains(local.address) == true
            guard isCertain else { continue }
            own(&flow, end, socket.inode)
            // Where both ends are on this machine, the one in the capture's namespace is the near one, also when its socket has gone.
            if let capturesOwn, capturesOwn != end, socket.isElsewhere {
                isPeers = true
                continue
            }
            guard !facts.hasEnded, time - socket.time < HostFacts.freshness else { continue }
            if let known = facts.datagramSocket, !known.isElsewhere || socket.isElsewhere { continue }
            facts.near = end
            facts.datagramSocket = socket
            isPeers = false
        }
        return isPeers && facts.datagramSocket == nil
    }

    private func own(_ flow: inout FlowSnapshot, _ end: Direction, _ inode: UInt32) {
        guard inode != 0, let process = host.owner(inode) else { return }
        var processes = flow.processes ?? BothDirections(client: nil, server: nil)
        processes[end] = process
        flow.processes = processes
    }

    /// What the kernel knows of its own sender stands in place of what was estimated.
    private func apply(_ course: SocketCourse, of near: Direction, to flow: inout FlowSnapshot) {
        guard var tcp = flow.tcp else { return }
        let socket = course.newest
        if let own = socket.ownScale, tcp[near].windowScale == nil { tcp[near].windowScale = own }
        if let peer = socket.peerScale, tcp[near.reversed].windowScale == nil {
            tcp[near.reversed].windowScale = peer
        }
        tcp[near].sendBufferLimited = course.sendBufferLimited
        if tcp[near].dataSegments > 0 {
            if let window = socket.congestionWindow {
                tcp[near].congestionWindow = CongestionWindowSnapshot(
                    bytes: window, packets: socket.congestionWindowPackets,
                    maximum: max(window, tcp[near].congestionWindow?.maximum ?? 0), source: .kernel, confidence: 1,
                    phase: socket.phase, isLowerBound: false)
            }
            if let name = socket.congestionControl.flatMap(CongestionControlName.init(rawValue:)) {
                tcp[near].congestionControl = CongestionControlSnapshot(
                    name: name, source: .kernel, confidence: 1, evidence: ["the kernel of this host says so"])
            }
        }
        flow.$tcp = Boxed.Box(tcp)
    }

    /// A TCP flow ends: counts it for the comparison of estimates with the kernel.
    mutating func compareWithKernel(_ position: UInt32) {
        guard host.isAsked, flows[position].tcp != FlowEntry.none else { return }
        guard let course = host.course(of: flows[position].key) else {
            return host.comparison.count(isJoined: false, estimate: nil, kernel: nil)
        }
        let near = flows[position].direction(from: course.newest.local)
        let report = trackers.tcp[flows[position].tcp].report(at: now)
        host.comparison.count(
            isJoined: true, estimate: report.snapshot[near].congestionControl?.name,
            kernel: course.newest.congestionControl)
        compareCounts(report.snapshot[near], flows[position].orientation, course)
    }

    /// What the kernel counts from the connection's beginning can be compared where the capture holds that, too.
    private mutating func compareCounts(
        _ ours: TCPEndpointSnapshot, _ orientation: Orientation, _ course: SocketCourse
    ) {
        let socket = course.newest
        guard orientation == .syn, ours.dataSegments > 0 else { return }
        var receiver: (ours: Double, kernel: Double)?
        if let busy = socket.busy, busy >= .seconds(3), let limited = socket.receiverLimited,
            let shares = ours.limitedBy
        {
            let active = saturatingAdd(shares.network, shares.receiver)
            if active >= .seconds(3) {
                receiver = (
                    ours: Double(shares.receiver) / Double(active), kernel: Double(limited) / Double(busy)
                )
            }
        }
        host.comparison.count(
            retransmissions: ours.retransmissions.packets, kernel: socket.retransmissions, receiver: receiver)
    }
}
