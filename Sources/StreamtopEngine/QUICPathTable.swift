import StreamtopBase
import StreamtopWire

/// Finds the flow of a QUIC packet whose addresses are new: by the connection ID it is sent to (RFC 9000 section 9).
///
/// Capped; the oldest connection ID and the oldest path are forgotten first, and counted.
struct QUICPathTable: Sendable {
    /// Shorter IDs could be met by chance.
    static let shortestLength = 4

    struct Owner: Equatable, Sendable {
        var flow: FlowReference
        /// The end that chose the ID and receives what is sent to it.
        var end: Direction
    }

    /// Other addresses of a flow.
    struct Path: Equatable, Sendable {
        var flow: FlowReference
        var client: Endpoint
    }

    private var owners: BoundedMap<QUICConnectionID, Owner>
    private var paths: BoundedMap<FlowKey, Path>
    /// Bit n is set when an ID of n bytes was stored.
    private(set) var lengths: UInt32 = 0

    init(capacity: Int, pathCapacity: Int) {
        owners = BoundedMap(capacity: capacity)
        paths = BoundedMap(capacity: pathCapacity)
    }

    var isEmpty: Bool { owners.isEmpty }
    var count: Int { owners.count }
    var pathCount: Int { paths.count }
    var evicted: UInt64 { owners.evicted }
    var evictedPaths: UInt64 { paths.evicted }

    mutating func insert(_ identifier: QUICConnectionID, _ owner: Owner) {
        guard Int(identifier.length) >= Self.shortestLength else { return }
        lengths |= 1 << UInt32(identifier.length)
        owners.insert(owner, for: identifier)
    }

    func path(_ key: FlowKey) -> Path? { paths[key] }

    mutating func insert(_ key: FlowKey, _ path: Path) { paths.insert(path, for: key) }

    /// The end that the first packet of a datagram is sent to, by its connection ID.
    func owner(of datagram: RawSpan) -> Owner? {
        var reader = ByteReader(datagram)
        guard let first = reader.peekUInt8() else { return nil }
        if first & 0x80 != 0 {
            guard let header = try? QUICLongHeader(decoding: &reader) else { return nil }
            return owners[header.destination]
        }
        for length in (Self.shortestLength...QUICConnectionID.maximumLength).reversed()
        where lengths >> UInt32(length) & 1 != 0 {
            var candidate = ByteReader(datagram)
            candidate.skip(1)
            if let identifier = QUICConnectionID(&candidate, length: length), let owner = owners[identifier] {
                return owner
            }
        }
        return nil
    }
}
