import StreamtopBase
import StreamtopModel

/// The UDP sockets of all namespaces, with what they hold and drop.
struct DatagramReader {
    private(set) var sockets: [DatagramSocket] = []
    private var members: [UInt32: NamespaceSet.Member] = [:]
    private var addresses: [UInt64: Set<IPAddress>] = [:]
    private var courses = LayerCourses()
    private var next = Timestamp(nanoseconds: .min)
    private var nextAddresses = Timestamp(nanoseconds: .min)

    /// More UDP sockets than this are read once a second.
    private static let socketCapacity = 256
    private static let layerCapacity = 32

    func isDue(at time: Timestamp) -> Bool { time >= next }

    mutating func forget(before time: Timestamp) { courses.forget(before: time) }

    mutating func read(_ namespaces: NamespaceSet, at time: Timestamp) {
        next = time + (sockets.count > Self.socketCapacity ? .seconds(1) : .milliseconds(200))
        if time >= nextAddresses {
            nextAddresses = time + .seconds(10)
            addresses.removeAll()
            for member in namespaces.others { addresses[member.handle.inode] = member.devices.addresses() }
        }
        sockets = []
        members = [:]
        for member in namespaces.all { read(member, isElsewhere: member !== namespaces.own, at: time) }
        for index in sockets.indices {
            var layer = HostLayer(.socketReceive, name: "", direction: .inward, unit: .bytes)
            layer.drops = sockets[index].memory.drops
            courses.observe(
                &layer, key: "\(sockets[index].inode) \(sockets[index].local.port)", left: nil, at: time)
            sockets[index].droppedSince = layer.droppedSince
            sockets[index].dropsPerSecond = layer.dropsPerSecond
        }
    }

    private mutating func read(_ member: NamespaceSet.Member, isElsewhere: Bool, at time: Timestamp) {
        let own = isElsewhere ? addresses[member.handle.inode] ?? [] : nil
        for isIPv4 in [true, false] {
            let body = SocketRequest.dump(
                isIPv4: isIPv4, transport: SocketRequest.udp, extensions: SocketRequest.memoryOnly)
            let found = try? member.handle.sockets.ask(type: SocketMessage.type, isDump: true, body) {
                type, bytes -> DatagramSocket? in
                guard type == SocketMessage.type, let message = SocketMessage(bytes),
                    let memory = SocketMessage.memory(bytes)
                else { return nil }
                var socket = DatagramSocket(
                    time: time, local: message.local, remote: message.remote, inode: message.inode,
                    user: message.user, memory: memory)
                socket.isElsewhere = isElsewhere
                socket.namespaceAddresses = own
                return socket
            }
            for socket in found ?? [] where isElsewhere { members[socket.inode] = member }
            sockets += found ?? []
        }
    }

    /// The namespace of a socket that is not in the capture's own.
    func member(of socket: DatagramSocket) -> NamespaceSet.Member? { members[socket.inode] }

    /// The socket of a flow that NAT on this host shows with other ends, told by the ends that the capture shows.
    func translated(_ flow: FlowKey, _ other: Translation.Counterpart) -> DatagramSocket? {
        var found: [DatagramSocket] = []
        for (local, remote) in [(other.initiator, other.responder), (other.responder, other.initiator)]
        // The end that the NAT hides is the one that it gives another name.
        where other.seen(local) != local {
            let serving = sockets.filter { $0.serves(local, from: remote) && ($0.isElsewhere || isExact($0, local)) }
            guard var socket = serving.first(where: { $0.remote == remote }) ?? serving.first,
                let seenLocal = other.seen(local), let seenRemote = other.seen(remote)
            else { continue }
            // Two that would take the same packets: which one does is not known.
            guard serving.filter({ $0.remote == socket.remote }).count == 1 else { continue }
            socket.local = seenLocal
            socket.remote = seenRemote
            found.append(socket)
        }
        return found.count == 1 ? found[0] : nil
    }

    private func isExact(_ socket: DatagramSocket, _ local: Endpoint) -> Bool { socket.local.address == local.address }

    /// UDP sockets of the capture's namespace, those first that hold most or dropped something.
    var layers: [HostLayer] {
        let ours = sockets.filter { !$0.isElsewhere && $0.local.port != 0 }
        func rank(_ socket: DatagramSocket) -> (Int, UInt64, Int) {
            (socket.memory.received, socket.droppedSince, -Int(socket.local.port))
        }
        return ours.sorted { rank($0) > rank($1) }.prefix(Self.layerCapacity).map { socket in
            var layer = HostLayer(
                .socketReceive, name: "udp:\(socket.local.port)", direction: .inward, unit: .bytes,
                occupied: socket.memory.received, capacity: socket.memory.receiveLimit)
            layer.drops = socket.memory.drops
            layer.droppedSince = socket.droppedSince
            layer.dropsPerSecond = socket.dropsPerSecond
            if socket.memory.received == 0 {
                layer.delay = 0
                layer.bound = .measured
            }
            return layer
        }
    }
}
