import Glibc
import StreamtopBase
import StreamtopModel

/// All sockets of this host once a second, by their fixed part alone: how many there are, which hold most, and who does not
/// accept.
struct SocketCensus {
    private(set) var totals = SocketTotals()
    private(set) var fullest: [SocketHolding] = []
    private var listeners: [SocketMessage] = []

    private static let holdingCapacity = 65_536
    private static let reportCapacity = 64

    mutating func read(_ namespaces: NamespaceSet, _ datagrams: [DatagramSocket]) {
        var totals = SocketTotals()
        var holdings: [SocketHolding] = []
        listeners = []
        for member in namespaces.all {
            for isIPv4 in [true, false] {
                let count = read(member.handle, isOwn: member === namespaces.own, isIPv4: isIPv4, &holdings)
                if member === namespaces.own, let count { totals.tcp = (totals.tcp ?? 0) + count }
            }
        }
        for socket in datagrams where socket.memory.received > 0 {
            var holding = SocketHolding(
                transport: .udp, local: socket.local, remote: socket.remote, unread: socket.memory.received, unsent: 0,
                inode: socket.inode)
            holding.drops = socket.memory.drops
            holdings.append(holding)
        }
        totals.udp = datagrams.filter { !$0.isElsewhere }.count
        totals.listening = listeners.count
        if let text = namespaces.own.handle.socketStatistics?.text() {
            let values = ProcText.socketStatistics(text)
            totals.tcp = totals.tcp.map { $0 + (values["TCP.tw"] ?? 0) }
            let page = sysconf(Int32(_SC_PAGESIZE))
            totals.tcpMemory = values["TCP.mem"].map { $0 &* page }
        }
        self.totals = totals
        fullest = Array(holdings.sorted { ($0.bytes, $1.inode) > ($1.bytes, $0.inode) }.prefix(Self.reportCapacity))
    }

    /// How many TCP sockets of that family the namespace has; nil where it does not answer.
    private mutating func read(
        _ handle: NamespaceHandle, isOwn: Bool, isIPv4: Bool, _ holdings: inout [SocketHolding]
    ) -> Int? {
        let body = SocketRequest.dump(isIPv4: isIPv4, transport: SocketRequest.tcp, extensions: 0)
        var calls: [SocketMessage] = []
        var found: [SocketHolding] = []
        var count = 0
        func note(_ type: UInt16, _ bytes: RawSpan) -> Bool? {
            guard type == SocketMessage.type else { return nil }
            count += 1
            // Most sockets hold nothing: they are counted and not looked at further.
            let isListening = bytes.uint8(at: 1) == KernelSocketState.listening.rawValue
            let isEmpty = bytes.uint32(at: 56) == 0 && bytes.uint32(at: 60) == 0
            guard isListening || !isEmpty, let message = SocketMessage(bytes) else { return nil }
            if isListening {
                if isOwn { calls.append(message) }
                return nil
            }
            var holding = SocketHolding(
                transport: .tcp, local: message.local, remote: message.remote,
                unread: Int(message.receiveQueue), unsent: Int(message.sendQueue), inode: message.inode)
            holding.namespace = handle.name
            if found.count < Self.holdingCapacity { found.append(holding) }
            return nil
        }
        func restart() {
            calls.removeAll()
            found.removeAll()
            count = 0
        }
        let answer = try? handle.sockets.ask(
            type: SocketMessage.type, isDump: true, body, restart: restart, note)
        guard answer != nil else { return nil }
        listeners += calls
        holdings += found.prefix(max(0, Self.holdingCapacity - holdings.count))
        return count
    }

    /// Listening sockets with somebody in their queue. Overflows are counted for all of them together: they are one
    /// listener's when only that one is full.
    func acceptQueues(_ counters: CounterCourse) -> [HostLayer] {
        let full = listeners.filter { $0.receiveQueue > $0.sendQueue }
        return listeners.filter { $0.receiveQueue > 0 }.prefix(Self.reportCapacity).map { listener in
            var layer = HostLayer(
                .acceptQueue, name: "tcp:\(listener.local.port)", direction: .inward, unit: .connections,
                occupied: Int(listener.receiveQueue), capacity: Int(listener.sendQueue))
            if full.count == 1, full[0] == listener {
                layer.drops = counters.rise("TcpExt.ListenOverflows")
                layer.droppedSince = layer.drops ?? 0
                layer.dropsPerSecond = counters.perSecond("TcpExt.ListenOverflows")
            }
            return layer
        }
    }
}
