import StreamtopBase
import StreamtopModel

/// Builds the two ladders of a flow: how long a byte written now needs until it is read, buffer by buffer.
///
/// No byte is in two rungs. What the socket has not sent is the socket's; what has left it and not the host is the queueing
/// discipline's and the device's; what is sent and not acknowledged is the path's, by packets alone: the capture sits behind
/// the queue of this host, the kernel's round trip does not, so the kernel's would count that queue twice (handbook 0.2).
package enum LadderBuilder {
    package struct Ladder {
        package var buffers: [BufferSnapshot] = []
        package var sums: LadderSnapshot?
    }

    /// Less than a full segment is under way through a buffer, not waiting in it.
    private static let fullSegment = 1_500
    /// Bytes a second below which nothing is said to drain.
    private static let standstill = 500.0

    package static func build(_ flow: FlowSnapshot, _ facts: LadderFacts) -> Ladder {
        let near = facts.near ?? end(of: flow)
        var out = LadderRungs(.out)
        var inward = LadderRungs(.inward)
        if flow.transport == .tcp {
            sendSocket(&out, near, facts)
            devicesOut(&out, facts)
            path(&out, flow, near, facts)
            peerBuffer(&out, flow, near, facts)
            devicesIn(&inward, facts)
            receiveSocket(&inward, flow, near, facts)
        } else if facts.near != nil {
            devicesIn(&inward, facts)
            if let socket = facts.datagramSocket { datagramSocket(&inward, socket, near, flow) }
            devicesOut(&out, facts)
            path(&out, flow, near, facts)
        }
        // The direction that carries more comes first.
        let sent = near == .fromClient ? flow.client.payloadBytes : flow.server.payloadBytes
        let received = near == .fromClient ? flow.server.payloadBytes : flow.client.payloadBytes
        guard !out.isEmpty || !inward.isEmpty else { return Ladder() }
        let sums = LadderSnapshot(out: out.sum, inward: inward.sum)
        return Ladder(
            buffers: received > sent ? inward.takeBuffers(before: out) : out.takeBuffers(before: inward), sums: sums)
    }

    /// The end that the ladder is seen from: the one at the capture point; between the ends, the one that sends more.
    private static func end(of flow: FlowSnapshot) -> Direction {
        switch flow.vantage {
        case .client: .fromClient
        case .server: .fromServer
        default: flow.client.payloadBytes > flow.server.payloadBytes ? .fromClient : .fromServer
        }
    }

    /// Bytes a second that the end sends.
    private static func rate(of end: Direction, _ flow: borrowing FlowSnapshot) -> Double? {
        flow.readSender(end) { $0.lastRate.map { $0 / 8 } } ?? nil
    }

    private static func name(_ end: Direction) -> String { end == .fromClient ? "client" : "server" }

    private static func rung(
        _ layer: BufferSnapshot.Layer, _ location: String, occupied: Int?, capacity: Int? = nil, source: String,
        confidence: Double
    ) -> BufferSnapshot {
        BufferSnapshot(
            layer: layer, location: location, occupiedBytes: occupied, capacityBytes: capacity, delay: nil,
            source: source,
            confidence: confidence)
    }

    /// Fills in how long `bytes` need to leave, and notes that they do not leave at all.
    private static func wait(
        for bytes: Int, _ rate: Double?, _ rung: inout BufferSnapshot, _ rungs: inout LadderRungs
    ) {
        if bytes < fullSegment {
            rung.delay = 0
            rung.bound = .measured
        } else if let rate {
            guard rate > standstill else { return rungs.hold(rung.layer, bytes: bytes) }
            let seconds = Double(bytes) / rate
            guard seconds < 3_600 else { return rungs.hold(rung.layer, bytes: bytes) }
            rung.delay = Nanoseconds(seconds * 1e9)
            rung.bound = .measured
        }
    }

    // MARK: Out

    private static func sendSocket(_ rungs: inout LadderRungs, _ near: Direction, _ facts: LadderFacts) {
        guard let socket = facts.$socket?.value, let waiting = socket.notSent else { return rungs.miss(.socketSend) }
        var rung = rung(
            .socketSend, name(near), occupied: waiting, capacity: socket.memory?.sendLimit, source: "kernel",
            confidence: 0.95)
        wait(for: waiting, facts.acknowledgedPerSecond, &rung, &rungs)
        rungs.append(consume rung)
    }

    private static func devicesOut(_ rungs: inout LadderRungs, _ facts: LadderFacts) {
        guard let host = facts.$host?.value, !facts.devices.isEmpty else {
            // Between the ends, or offline: the queue of the sender's host is part of nothing that was measured.
            return rungs.miss(.qdisc)
        }
        for device in facts.devices {
            if queue(of: device, host, facts.devices, &rungs) == nil { continue }
            if let driver = host.layers.first(where: { $0.layer == .driver && $0.name == device }) {
                rungs.append(rung(of: driver, drops: nil))
            } else if host.layers.contains(where: { $0.layer == .nic && $0.name == device }) {
                // A ring, and nothing that tells how full it is.
                rungs.miss(.nic)
            }
        }
    }

    /// Appends the queue of a device, and returns it; nil where there is none, or another member of its bond stands for it.
    private static func queue(
        of device: String, _ host: HostSnapshot, _ passed: [String], _ rungs: inout LadderRungs
    ) -> HostLayer? {
        let queues = host.layers.filter { $0.layer == .qdisc && $0.name == device }
        guard let longest = queues.max(by: { ($0.occupied ?? -1) < ($1.occupied ?? -1) }) else {
            rungs.miss(.qdisc)
            return nil
        }
        var rung = rung(of: longest, drops: queues.reduce(0) { $0 &+ $1.droppedSince })
        if let bond = longest.memberOf {
            // One of the members carries the flow, nobody tells which: no more than the longest of them waits.
            let members = host.layers.filter {
                $0.layer == .qdisc && $0.memberOf == bond && passed.contains($0.name)
            }
            guard members.max(by: { ($0.delay ?? 0, $1.name) < ($1.delay ?? 0, $0.name) })?.name == device else {
                return nil
            }
            if members.count > 1, rung.bound == .measured, rung.delay != 0 { rung.bound = .atMost }
        }
        rungs.append(consume rung)
        return longest
    }

    private static func rung(of layer: HostLayer, drops: UInt64?) -> BufferSnapshot {
        var rung = BufferSnapshot(
            layer: layer.layer, location: "host", occupiedBytes: layer.unit == .bytes ? layer.occupied : nil,
            capacityBytes: layer.unit == .bytes ? layer.capacity : nil, delay: layer.delay, source: "kernel",
            confidence: layer.confidence)
        rung.bound = layer.delay == nil ? .unknown : layer.bound
        rung.drops = drops
        rung.dropsPerSecond = layer.dropsPerSecond
        rung.trend = layer.trend
        rung.isPaced = layer.isPaced
        rung.name = layer.name
        return rung
    }

    /// Base delay one way, half the least round trip, and the queue that packets met.
    private static func path(
        _ rungs: inout LadderRungs, _ flow: FlowSnapshot, _ near: Direction, _ facts: LadderFacts
    ) {
        let isAtEnd = facts.near != nil || flow.vantage == .client || flow.vantage == .server
        let far = flow.roundTrip[near.reversed]
        let packets =
            isAtEnd ? far?.minimum ?? flow.roundTrip.handshake : flow.roundTrip.base ?? flow.roundTrip.handshake
        guard let base = packets ?? facts.$socket?.value.minimumRoundTrip, base >= 0 else { return rungs.miss(.path) }
        var queue = queueOut(flow.queueDelay[near.reversed], isTowardsCapture: false)
        if !isAtEnd { queue = saturatingAdd(queue, queueOut(flow.queueDelay[near], isTowardsCapture: true)) }
        // Of a path on which nothing is under way, nothing waits on it.
        if let socket = facts.$socket, socket.value.inFlight == 0 { queue = min(queue, lastQueue(flow, near)) }
        var rung = rung(
            .path, name(near.reversed), occupied: flow.readSender(near) { $0.inFlight?.last } ?? nil, source: "rtt",
            confidence: (far?.samples ?? 0) >= 8 ? 0.8 : 0.5)
        rung.queue = queue
        rung.delay = saturatingAdd(base / 2, queue)
        rung.bound = .measured
        rungs.append(consume rung)
    }

    /// The part of a component's queue that data of the near end meets.
    private static func queueOut(_ queue: QueueDelaySnapshot?, isTowardsCapture: Bool) -> Nanoseconds {
        guard let queue, queue.last > 0 else { return 0 }
        guard let inbound = queue.inboundShare else { return queue.last }
        let share = isTowardsCapture ? inbound : 1 - inbound
        return Nanoseconds(Double(queue.last) * min(1, max(0, share)))
    }

    /// A queue measured by the newest packet two seconds ago is no queue of now.
    private static func lastQueue(_ flow: FlowSnapshot, _ near: Direction) -> Nanoseconds {
        let end = near == .fromClient ? flow.client : flow.server
        guard let last = end.lastPacket, flow.time - last > .seconds(2) else { return .max }
        return 0
    }

    /// Bytes that the peer's application has not read, by what its window lost.
    private static func peerBuffer(
        _ rungs: inout LadderRungs, _ flow: FlowSnapshot, _ near: Direction, _ facts: LadderFacts
    ) {
        guard let tcp = flow.$tcp else { return }
        let offered = tcp.value.read(near.reversed) { $0.receiveWindow }
        guard let window = offered, !window.scaleUnknown, window.maximum > 0 else {
            return rungs.miss(.socketReceive)
        }
        let occupied = unread(window, segment: tcp.value.read(near.reversed) { $0.mssBytes })
        var rung = rung(
            .socketReceive, name(near.reversed), occupied: occupied > 0 ? occupied : window.occupied,
            capacity: window.maximum,
            source: "receive_window", confidence: 0.7)
        let drain = facts.acknowledgedPerSecond ?? rate(of: near, flow)
        let fullPacket = flow.readSender(near) { $0.fullPacket } ?? nil
        let isClosed = window.last < 2 * (fullPacket ?? fullSegment) && window.maximum > 4 * fullSegment
        let waits = (facts.$socket?.value.notSent ?? 0) > 0
        if occupied == 0 || (drain ?? 0) > standstill || isClosed {
            wait(for: occupied, drain, &rung, &rungs)
            if isClosed, rung.delay == nil { rungs.hold(.socketReceive, bytes: occupied, outranks: true) }
        } else if facts.$socket != nil, !waits {
            // Nothing is sent, so nothing tells how fast it is read.
            rung.bound = .unknown
        }
        rungs.append(consume rung)
    }

    /// Bytes that a receiver has not read, by its window. Windows move in steps of a segment or two (RFC 9293 section
    /// 3.8.6.2.2), and Linux says 0 as soon as less than a sixteenth of the buffer is free (`__tcp_select_window`): a closed window
    /// stands for no more than the rest.
    ///
    /// - Parameter segment: the largest that this end accepts; nil where its SYN was not captured.
    private static func unread(_ window: ReceiveWindowSnapshot, segment: Int?) -> Int {
        guard window.occupied >= 2 * max(fullSegment, segment ?? 0) else { return 0 }
        let reserve = window.maximum / 16
        return window.last < reserve ? min(window.occupied, window.maximum - reserve) : window.occupied
    }

    // MARK: In

    private static func devicesIn(_ rungs: inout LadderRungs, _ facts: LadderFacts) {
        guard let host = facts.$host?.value else { return }
        for device in facts.devices {
            // A ring tells what it dropped, and never how full it is.
            guard let ring = host.layers.first(where: { $0.layer == .nic && $0.name == device }) else { continue }
            rungs.append(rung(of: ring, drops: ring.droppedSince))
        }
        let processors = host.layers.filter { $0.layer == .softnet }
        if let longest = processors.max(by: { ($0.occupied ?? -1) < ($1.occupied ?? -1) }), longest.occupied != nil {
            var rung = rung(of: longest, drops: processors.reduce(0) { $0 &+ $1.droppedSince })
            rung.occupiedBytes = nil
            rung.capacityBytes = nil
            rungs.append(consume rung)
        } else {
            rungs.miss(.softnet)
        }
        // Behind the processor, on the way into another namespace.
        for device in facts.devicesInward { _ = queue(of: device, host, facts.devicesInward, &rungs) }
    }

    private static func receiveSocket(
        _ rungs: inout LadderRungs, _ flow: FlowSnapshot, _ near: Direction, _ facts: LadderFacts
    ) {
        if let socket = facts.$socket?.value, let unread = socket.unread {
            var rung = rung(
                .socketReceive, name(near), occupied: unread, capacity: socket.memory?.receiveLimit, source: "kernel",
                confidence: 0.95)
            rung.drops = socket.memory?.drops
            wait(for: unread, facts.readPerSecond, &rung, &rungs)
            return rungs.append(consume rung)
        }
        guard let tcp = flow.$tcp else { return }
        let offered = tcp.value.read(near) { $0.receiveWindow }
        guard let window = offered, !window.scaleUnknown, window.maximum > 0 else { return }
        let occupied = unread(window, segment: tcp.value.read(near) { $0.mssBytes })
        var rung = rung(
            .socketReceive, name(near), occupied: occupied > 0 ? occupied : window.occupied, capacity: window.maximum,
            source: "receive_window", confidence: 0.7)
        // Also of a flow that has ended, and whose socket is asked no more.
        if let multipath = (facts.socket ?? flow.$kernel?.value.socket)?.multipath, multipath.connection?.subflows != 1
        {
            // The window is the whole connection's, and so is what was not read: this subflow's rate is not what fills or drains it.
            wait(for: occupied, nil, &rung, &rungs)
            // Own: half of it unread is more than bursts leave there.
            if occupied > window.maximum / 2 { rungs.hold(.socketReceive, bytes: occupied) }
        } else {
            wait(for: occupied, rate(of: near.reversed, flow), &rung, &rungs)
        }
        rungs.append(consume rung)
    }

    /// True size, packet overhead included: a fill, and no time.
    private static func datagramSocket(
        _ rungs: inout LadderRungs, _ socket: DatagramSocket, _ near: Direction, _ flow: FlowSnapshot
    ) {
        var rung = rung(
            .socketReceive, name(near), occupied: socket.memory.received, capacity: socket.memory.receiveLimit,
            source: "kernel", confidence: 0.95)
        // The socket's, whatever flows it serves: `host` has its drops.
        if socket.memory.received == 0 {
            rung.delay = 0
            rung.bound = .measured
        } else if socket.memory.received * 2 > socket.memory.receiveLimit || (socket.dropsPerSecond ?? 0) > 0 {
            rungs.hold(.socketReceive, bytes: socket.memory.received)
        }
        rungs.append(consume rung)
    }
}
