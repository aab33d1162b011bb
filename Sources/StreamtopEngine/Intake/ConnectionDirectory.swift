import StreamtopBase
import StreamtopModel
import StreamtopWire

/// The flow and the end that a QUIC packet is sent to, by its connection ID: so a connection is found whose addresses changed (RFC 9000
/// section 9).
///
/// Capped; the oldest connection ID is forgotten first, and counted.
struct ConnectionDirectory: Sendable {
    /// Shorter IDs could be met by chance.
    static let shortestLength = 4

    struct Owner: Equatable, Sendable {
        var flow: FlowReference
        /// The end that chose the ID and receives what is sent to it.
        var end: Direction
    }

    /// An ID that a connection made known.
    struct Announcement: Sendable {
        var identifier: QUICConnectionID
        var owner: Owner
    }

    private var owners: BoundedMap<QUICConnectionID, Owner>
    /// Bit n is set when an ID of n bytes was stored.
    private var lengths: UInt32 = 0

    init(capacity: Int) { owners = BoundedMap(capacity: capacity) }

    var isEmpty: Bool { owners.isEmpty }
    var count: Int { owners.count }
    var evicted: UInt64 { owners.evicted }

    var health: TableHealth {
        TableHealth(name: "QUIC connection IDs", used: count, capacity: owners.capacity, evicted: evicted)
    }

    /// Enters what engines learned, in the order of frames.
    mutating func enter(_ announcements: inout [Announcement]) {
        guard !announcements.isEmpty else { return }
        for announcement in announcements { insert(announcement.identifier, announcement.owner) }
        announcements.removeAll(keepingCapacity: true)
    }

    mutating func insert(_ identifier: QUICConnectionID, _ owner: Owner) {
        guard Int(identifier.length) >= Self.shortestLength else { return }
        lengths |= 1 << UInt32(identifier.length)
        owners.insert(owner, for: identifier)
    }

    /// The end that the first packet of a datagram is sent to.
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
