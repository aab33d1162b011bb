import StreamtopApplication
import StreamtopBase
import StreamtopModel

/// Where servers see sockets (RFC 8489): what one socket is told by two servers shows how the NAT before it gives out addresses. Bounded:
/// the oldest socket goes first.
struct ReflectionTable: Sendable {
    static let capacity = 1_024
    /// Of one socket.
    private static let reflectionCapacity = 16

    static let limits = [
        Limit("sockets that servers reflected", capacity, per: .engine, policy: "the oldest goes, counted")
    ]

    private struct Socket: Sendable {
        var reflections: [CallMapping.Reflection] = []
        var mapping = CallSnapshot.Mapping.unknown
    }

    private var sockets = BoundedMap<Endpoint, Socket>(capacity: Self.capacity)

    var health: TableHealth {
        TableHealth(
            name: "sockets that servers reflected", used: sockets.count, capacity: sockets.capacity,
            evicted: sockets.evicted)
    }

    /// Takes one over; what its socket's reflections say together, where that is news.
    mutating func note(_ reflection: CallMapping.Reflection, of socket: Endpoint) -> CallSnapshot.Mapping? {
        var news: CallSnapshot.Mapping?
        sockets.update(socket, initial: Socket()) { known in
            guard known.reflections.count < Self.reflectionCapacity else { return }
            known.reflections.append(reflection)
            let mapping = CallMapping.mapping(by: known.reflections)
            guard mapping != known.mapping, mapping != .unknown else { return }
            known.mapping = mapping
            news = mapping
        }
        return news
    }
}
