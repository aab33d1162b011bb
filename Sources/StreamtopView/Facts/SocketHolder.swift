import StreamtopBase
import StreamtopModel

/// A process and what its sockets hold: bytes that it has not read, and bytes that have not left.
struct SocketHolder: Sendable {
    /// "nginx (2211)"; the user alone, where no more may be known.
    var name: String
    var process: ProcessSnapshot?
    /// The fullest first.
    var sockets: [SocketHolding] = []
    var unread = 0
    var unsent = 0
    var drops: UInt64 = 0
    /// The flow of its fullest socket that has one.
    var flow: FlowIdentifier?

    var bytes: Int { saturated(unread, unsent) }
    var key: UInt64 { StableKey.of(name) }

    /// Processes by the bytes that their sockets hold; of sockets only those that the host's report lists.
    static func all(_ snapshot: Snapshot) -> [SocketHolder] {
        guard let host = snapshot.host else { return [] }
        var positions: [String: Int] = [:]
        var holders: [SocketHolder] = []
        for socket in host.fullest where socket.bytes > 0 || (socket.drops ?? 0) > 0 {
            let process = socket.process.flatMap { $0.isKnown ? $0 : nil }
            let name = process.map { Words.owner($0) } ?? Words.ownerUnknown
            let position = positions[name] ?? holders.count
            if position == holders.count {
                positions[name] = position
                holders.append(SocketHolder(name: name, process: process))
            }
            holders[position].add(socket)
            if holders[position].flow == nil { holders[position].flow = snapshot.flow(of: socket)?.identifier }
        }
        return holders.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            return a.bytes == b.bytes ? left.offset < right.offset : a.bytes > b.bytes
        }.map(\.element)
    }

    private mutating func add(_ socket: SocketHolding) {
        sockets.append(socket)
        unread = saturated(unread, socket.unread)
        unsent = saturated(unsent, socket.unsent)
        drops &+= socket.drops ?? 0
    }

    private func saturated(_ left: Int, _ right: Int) -> Int {
        let (sum, overflow) = left.addingReportingOverflow(right)
        return overflow ? .max : sum
    }
}

/// FNV-1a of a name: the same name has the same key in every run.
enum StableKey {
    static func of(_ name: String) -> UInt64 {
        name.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}

extension Snapshot {
    /// The flow that a socket of this host carries; nil where none of the table is its.
    func flow(of socket: SocketHolding) -> FlowSnapshot? {
        flows.first { flow in
            flow.transport.rawValue == socket.transport.rawValue
                && (flow.client.endpoint == socket.local && flow.server.endpoint == socket.remote
                    || flow.server.endpoint == socket.local && flow.client.endpoint == socket.remote)
        }
    }
}
