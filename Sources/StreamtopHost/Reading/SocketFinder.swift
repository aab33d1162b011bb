import StreamtopBase
import StreamtopModel

/// Finds the TCP sockets of flows, in any namespace, also where NAT on this host shows the capture other ends than the
/// socket has.
struct SocketFinder {
    /// A socket, and the namespace it was found in.
    struct Found {
        var socket: KernelSocket
        var member: NamespaceSet.Member
    }

    /// The namespaces that had sockets of a flow when all were searched last; a search of all is not for every reading.
    private struct Namespaces {
        var inodes: [UInt64]
        var next: Timestamp
    }

    private var first = 0
    private var namespacesOfFlows: [FlowKey: Namespaces] = [:]
    private static let namespaceCapacity = 4_096
    /// Sockets asked for at one reading; more are asked for at the next.
    private static let socketsPerReading = 64

    mutating func find(
        _ flows: [FlowKey], _ namespaces: NamespaceSet, _ translations: inout TranslationTable, at time: Timestamp
    ) -> [Found] {
        guard !flows.isEmpty else { return [] }
        var found: [Found] = []
        let count = min(flows.count, Self.socketsPerReading)
        for offset in 0..<count {
            let flow = flows[(first &+ offset) % flows.count]
            found += sockets(of: flow, namespaces, &translations, at: time)
        }
        first = flows.count > count ? (first &+ count) % flows.count : 0
        return found
    }

    /// The socket in the capture's namespace; else the one behind this host's NAT; else all that other namespaces have with
    /// the ends that the capture shows. The NAT comes first: it says which connection of this host the flow is, where equal ends
    /// in another namespace may be the peer's, or chance.
    private mutating func sockets(
        of flow: FlowKey, _ namespaces: NamespaceSet, _ translations: inout TranslationTable, at time: Timestamp
    ) -> [Found] {
        if let socket = Self.socket(flow, namespaces.own.handle, at: time) {
            return [Found(socket: socket, member: namespaces.own)]
        }
        switch translations.answer(of: flow, at: time) {
        case .plain: return elsewhere(flow, namespaces, at: time)
        case .pending: return []
        case .rewritten(let other):
            let found = translated(flow, other, namespaces, at: time)
            if found.isEmpty { translations.forget(flow, at: time) }
            return found
        }
    }

    private mutating func elsewhere(_ flow: FlowKey, _ namespaces: NamespaceSet, at time: Timestamp) -> [Found] {
        let known = namespacesOfFlows[flow].flatMap { time < $0.next ? $0.inodes : nil }
        let found = namespaces.others.compactMap { member -> Found? in
            guard known?.contains(member.handle.inode) != false else { return nil }
            return Self.socket(flow, member.handle, at: time).map { socket in
                var socket = socket
                socket.isElsewhere = true
                return Found(socket: socket, member: member)
            }
        }
        if known == nil {
            if namespacesOfFlows.count >= Self.namespaceCapacity { namespacesOfFlows.removeAll() }
            namespacesOfFlows[flow] = Namespaces(inodes: found.map(\.member.handle.inode), next: time + .seconds(1))
        }
        return found
    }

    /// Sockets with the ends that the flow has beyond this host's NAT, told by the ends that the capture shows.
    private mutating func translated(
        _ flow: FlowKey, _ other: Translation.Counterpart, _ namespaces: NamespaceSet, at time: Timestamp
    ) -> [Found] {
        let key = FlowKey(source: other.initiator, destination: other.responder, transport: flow.transport)
        let here = Self.socket(key, namespaces.own.handle, at: time).map { [Found(socket: $0, member: namespaces.own)] }
        return (here ?? elsewhere(key, namespaces, at: time)).compactMap { found in
            var found = found
            let own = SocketEnds(local: found.socket.local, remote: found.socket.remote)
            guard let local = other.seen(own.local), let remote = other.seen(own.remote) else { return nil }
            found.socket.ownEnds = own
            found.socket.local = local
            found.socket.remote = remote
            return found
        }
    }

    /// The socket of the flow in that namespace, whichever end it is.
    private static func socket(_ flow: FlowKey, _ handle: NamespaceHandle, at time: Timestamp) -> KernelSocket? {
        for (local, remote) in [(flow.low, flow.high), (flow.high, flow.low)] {
            if let socket = exact(local, remote, handle, at: time) { return socket }
        }
        return nil
    }

    private static func exact(
        _ local: Endpoint, _ remote: Endpoint, _ handle: NamespaceHandle, at time: Timestamp
    ) -> KernelSocket? {
        let body = SocketRequest.exact(local: local, remote: remote, transport: SocketRequest.tcp)
        let answer = try? handle.sockets.ask(type: SocketMessage.type, isDump: false, body) { type, bytes in
            type == SocketMessage.type ? SocketMessage.socket(bytes, at: time) : nil
        }
        guard var socket = answer?.first, socket.local == local, socket.remote == remote,
            socket.state != .listening, socket.state != .timeWait
        else { return nil }
        if let multipath = socket.multipath { socket.take(connection(multipath, handle)) }
        return socket
    }

    /// What the connection says that a Multipath TCP subflow belongs to.
    private static func connection(_ multipath: MultipathState, _ handle: NamespaceHandle) -> MultipathConnection? {
        guard let token = multipath.token else { return nil }
        let body = MultipathMessage.request(token: token)
        let answer = try? handle.sockets.ask(type: SocketMessage.type, isDump: false, body) { type, bytes in
            type == SocketMessage.type ? MultipathMessage.connection(bytes, token: token) : nil
        }
        return answer?.first
    }
}
